"""`manage.py plans`: take plan documents in and out, approve, publish and withdraw versions, load history."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from rich.table import Table

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.documents import DocumentUnreadable, document_of
from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from plans import selectors, services
from plans.engine.codec import DocumentInvalid
from plans.models import Plan, PlanVersion
from teams.models import StrategicAccount


class Command(BaseCommand):
    help = "Plan documents in and out; approve, publish and withdraw versions; load past versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        taken = acts.add_parser("import", help="store a document as the plan's next version, a draft")
        taken.add_argument("file", type=Path)
        _of_a_plan(taken)
        history = acts.add_parser("history", help="publish past versions at the dates they state")
        history.add_argument("files", type=Path, nargs="+")
        history.add_argument("--reason", required=True)
        history.add_argument("--prepared-by", required=True, help="who brings the documents: a user name")
        _of_a_plan(history)
        for act, said in (
            ("approve", "approve a draft as the second person"),
            ("publish", "publish an approved version"),
            ("withdraw", "withdraw a version that has not been in force"),
        ):
            decided = acts.add_parser(act, help=said)
            decided.add_argument("plan")
            decided.add_argument("--version-number", type=int, help="the last one if left out")
            decided.add_argument(
                "--reason", default="", help="for a late publishing, a withdrawal or an approval"
            )
            decided.add_argument("--by", required=True, help="who does it: a user name")
        export = acts.add_parser("export", help="write a version's document")
        export.add_argument("plan")
        export.add_argument("--version-number", type=int, help="the last one if left out")
        export.add_argument("--to", type=Path, help="a file; the terminal if left out")
        acts.add_parser("list", help="list plans and their versions")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            # A plan that is made for a document stays only if the document does.
            with transaction.atomic():
                getattr(self, f"plans_{options['act']}")(options)
        except DocumentInvalid as refusal:
            places = "\n".join(f"  {error.pointer or '/'}: {error.detail}" for error in refusal.errors)
            raise CommandError(f"The document does not hold:\n{places}") from refusal
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def plans_import(self, options: dict[str, Any]) -> None:
        by, document = user_named(options["by"]), document_in(options["file"])
        plan = plan_for(document=document, options=options, by=by)
        version = services.version_draft(plan=plan, document=document, by=by, at=timezone.now())
        self.say(f"{version} is a draft, in force over {days_of(version)} once approved and published.")

    def plans_history(self, options: dict[str, Any]) -> None:
        documents = [document_in(file) for file in options["files"]]
        prepared_by, by = user_named(options["prepared_by"]), user_named(options["by"])
        plan = plan_for(document=documents[0], options=options, by=prepared_by)
        versions = services.history_load(
            plan=plan,
            documents=documents,
            reason=options["reason"],
            prepared_by=prepared_by,
            by=by,
            at=timezone.now(),
        )
        for version in versions:
            self.say(f"{version} is published as history, in force over {days_of(version)}.")

    def plans_approve(self, options: dict[str, Any]) -> None:
        version = services.version_approve(
            version_id=chosen(options).pk,
            by=user_named(options["by"]),
            at=timezone.now(),
            comment=options["reason"],
        )
        self.say(f"{version} is approved; what was approved is {version.digest}.")

    def plans_publish(self, options: dict[str, Any]) -> None:
        version = services.version_publish(
            version_id=chosen(options).pk,
            by=user_named(options["by"]),
            at=timezone.now(),
            late_reason=options["reason"],
        )
        self.say(f"{version} is published, in force over {days_of(version)}.")

    def plans_withdraw(self, options: dict[str, Any]) -> None:
        version = services.version_withdraw(
            version_id=chosen(options).pk,
            by=user_named(options["by"]),
            at=timezone.now(),
            reason=options["reason"],
        )
        self.say(f"{version} is withdrawn.")

    def plans_export(self, options: dict[str, Any]) -> None:
        document = selectors.version_document(version=chosen(options))
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if options["to"]:
            try:
                options["to"].write_text(text, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"{options['to']} cannot be written: {error.strerror}.") from error
        else:
            self.stdout.write(text)

    def plans_list(self, options: dict[str, Any]) -> None:
        table = Table("Plan", "Version", "State", "In force", "Digest", "Approved by")
        today = timezone.now().date()
        for plan in Plan.objects.order_by("code").prefetch_related("versions__approved_by"):
            for version in sorted(plan.versions.all(), key=lambda version: version.number):
                state = selectors.version_state(version=version, on=today)
                approver = str(version.approved_by or "")
                table.add_row(
                    plan.code, str(version.number), state, days_of(version), version.digest[:12], approver
                )
        console_on(self.stdout).print(table)

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)


def _of_a_plan(parser: ArgumentParser) -> None:
    parser.add_argument("--plan", help="the plan's code; the document's own if left out")
    parser.add_argument("--calendar", help="for a new plan: the code of its calendar")
    parser.add_argument("--account", help="for a new plan of one account: the account's code")
    parser.add_argument("--by", required=True, help="who does it: a user name")


def document_in(file: Path) -> dict[str, Any]:
    """
    Return the plan document in a file.

    :raises CommandError: naming the file and the place, if it is no JSON object.
    """
    try:
        document = document_of(file.read_bytes(), parse_float=str)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except DocumentUnreadable as error:
        raise CommandError(f"{file} {error}.") from error
    if not isinstance(document, dict):
        raise CommandError(f"{file} holds no plan document: it begins with no {{.")
    return document


def plan_for(*, document: dict[str, Any], options: dict[str, Any], by: Any) -> Plan:
    """Return the plan a document belongs to; a plan nobody knows yet is made, on the calendar that is named."""
    code = options["plan"] or str(document.get("code", ""))
    known = Plan.objects.filter(code=code).first()
    if known is not None or not options["calendar"]:
        return known or selectors.plan_named(code)
    calendar = FiscalCalendar.objects.filter(code=options["calendar"]).first()
    if calendar is None:
        raise CommandError(
            f"There is no calendar {options['calendar']}; make it with `manage.py calendar make`."
        )
    account = None
    if options["account"]:
        account = StrategicAccount.objects.filter(node__code=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']} in the programme.")
    return services.plan_make(
        code=code,
        name=str(document.get("name", code)),
        plan_type=document.get("type", ""),
        calendar=calendar,
        account=account,
        by=by,
    )


def chosen(options: dict[str, Any]) -> PlanVersion:
    """Return the version that the options name."""
    plan = selectors.plan_named(options["plan"])
    return selectors.version_numbered(plan=plan, number=options["version_number"])


def days_of(version: PlanVersion) -> str:
    """Return the days of a version as people say them."""
    return f"{version.span.since} to {version.span.last or 'further notice'}"
