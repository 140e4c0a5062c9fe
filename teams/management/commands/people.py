"""`manage.py people`: list people, say who signs in as whom, and erase personal fields past their date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.table import Table

from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from teams.models import Person
from teams.services import people_erase_due, person_erase, person_user_set
from teams.services.care import care_erase_due


class Command(BaseCommand):
    help = "List people, say who signs in as whom, and erase personal fields past their date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="list people with their managers and users")
        user = acts.add_parser("user", help="say which user a person signs in as")
        erase = acts.add_parser("erase", help="erase the personal fields of a person past the retention date")
        acts.add_parser(
            "erase-due", help="erase the personal fields of everybody whose retention date has passed"
        )
        for act in (user, erase):
            act.add_argument("employee_id")
            act.add_argument("--by", required=True, help="who does it: a user name")
        user.add_argument("username")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            getattr(self, f"people_{options['act'].replace('-', '_')}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def people_list(self, options: dict[str, Any]) -> None:
        table = Table("employee", "name", "manager", "user", "cost centre", "state")
        people = Person.objects.select_related("details", "manager", "user").order_by("employee_id")
        for person in people:
            table.add_row(
                person.employee_id,
                getattr(person, "details", None) and person.details.legal_name,
                str(person.manager or ""),
                str(person.user or ""),
                person.cost_centre,
                person.get_status_display(),
            )
        console_on(self.stdout).print(table)

    def people_user(self, options: dict[str, Any]) -> None:
        person = person_user_set(
            person=person_of(options), user=user_named(options["username"]), by=user_named(options["by"])
        )
        self.stdout.write(f"{person.employee_id} signs in as {person.user}.")

    def people_erase(self, options: dict[str, Any]) -> None:
        person = person_erase(
            person_id=person_of(options).pk, by=user_named(options["by"]), at=timezone.now()
        )
        self.stdout.write(
            f"The personal fields of {person.employee_id} are erased; the books are as they were."
        )

    def people_erase_due(self, options: dict[str, Any]) -> None:
        erased = people_erase_due(at=timezone.now())
        for person in erased:
            self.stdout.write(f"The personal fields of {person.employee_id} are erased.")
        self.stdout.write(f"{len(erased)} people past their retention date; the books are as they were.")
        rows = care_erase_due(at=timezone.now())
        self.stdout.write(f"{rows} rows of what HR keeps of people were past their last day.")


def person_of(options: dict[str, Any]) -> Person:
    """
    Return the person named by employee id.

    :raises CommandError: if there is none.
    """
    person = Person.objects.filter(employee_id=options["employee_id"]).first()
    if person is None:
        raise CommandError(
            f"Nobody has the employee id {options['employee_id']}; `people list` shows who is there."
        )
    return person
