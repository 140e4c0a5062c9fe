"""`manage.py users`: make users with roles, and list them."""

from argparse import ArgumentParser
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kamcomp.identity import services
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal


class Command(BaseCommand):
    help = "Make users with roles, and list them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="make a user")
        add.add_argument("username")
        add.add_argument("--role", action="append", choices=Role.values, required=True)
        add.add_argument("--name", default="", help="first and last name")
        add.add_argument("--email", default="")
        add.add_argument(
            "--since", type=date.fromisoformat, help="roles hold from this day; today if left out"
        )
        acts.add_parser("list", help="list users and their roles today")

    def handle(self, *args: object, **options: object) -> None:
        try:
            getattr(self, f"users_{options['act']}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def users_add(self, options: dict) -> None:
        first, _, last = options["name"].partition(" ")
        user = services.user_make(
            username=options["username"],
            email=options["email"],
            first_name=first,
            last_name=last,
            roles=[Role(role) for role in options["role"]],
            since=options["since"] or timezone.localdate(),
            by=None,
        )
        self.stdout.write(f"{user.username}: {', '.join(options['role'])}.")

    def users_list(self, options: dict) -> None:
        today = timezone.localdate()
        for user in User.objects.order_by("username"):
            self.stdout.write(
                f"{user.username}  {user.get_full_name()}  {', '.join(sorted(user.roles_on(today)))}"
            )
