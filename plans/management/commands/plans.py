"""`manage.py plans`: documents in and out, compared, checked, approved, published, withdrawn; history loaded."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override
from rich.table import Table

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.documents import DocumentUnreadable, document_of
from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from plans import selectors, services
from plans.checks.facts import Facts
from plans.checks.page import checks_page, report_document, report_lines, summed_up
from plans.checks.picture import Picture, picture_of
from plans.checks.registry import checked
from plans.checks.rule import Moment
from plans.engine.codec import DocumentInvalid, read
from plans.engine.document import plan_from_document
from plans.models import Plan, PlanVersion
from plans.selectors.limit_effects import limit_effect
from plans.selectors.limits import limits_in_force, limits_on
from plans.selectors.pictures import picture_of_version
from plans.views.differences import changes_in_words
from scorecards.models import Metric
from teams.models import StrategicAccount


class Command(BaseCommand):
    help = "Plan documents in and out; check, approve, publish and withdraw versions; load past versions."

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
        compared = acts.add_parser("diff", help="say in words what one version says differently from another")
        for side in ("before", "after"):
            compared.add_argument(
                side, help="a file, the code of a plan for its last version, or CODE:2 for its version 2"
            )
        compared.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default="en"
        )
        _checks(acts)

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
        report = services.version_check(version_id=version.pk, by=by, at=timezone.now())
        self.say(f"{summed_up(report)} `plans check {plan.code}` lists them.")

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

    def plans_diff(self, options: dict[str, Any]) -> None:
        before, after = (plan_from_document(document_named(options[side])) for side in ("before", "after"))
        metrics = dict(Metric.objects.values_list("code", "name"))
        with override(options["language"]):
            changes = changes_in_words(before=before, after=after, metrics=metrics)
            for sentence in [change.sentence for change in changes] or [gettext("No differences")]:
                self.say(sentence)

    def plans_check(self, options: dict[str, Any]) -> None:
        if options["reference"]:
            self.stdout.write(checks_page(), ending="")
            return
        moment = Moment(options["moment"])
        report = checked(picture=picture_for(options), settings=limits_on(day=today()), moment=moment)
        if options["json"]:
            self.stdout.write(json.dumps(report_document(report), indent=2, ensure_ascii=False))
        else:
            for line in report_lines(report):
                self.say(line)
        if report.blocks:
            raise CommandError(f"{len(report.blocks)} findings block.", returncode=1)

    def plans_limits(self, options: dict[str, Any]) -> None:
        for tried in options["tried"]:
            key, _, value = tried.partition("=")
            self.say(str(limit_effect(key=key, value=value, on=today())))
        if options["tried"]:
            return
        table = Table("Setting", "Value", "Set here", "What it bounds")
        for limit in limits_in_force(day=today()):
            table.add_row(limit.key, f"{limit.value:f}", "yes" if limit.is_set else "", limit.limit.bounds)
        console_on(self.stdout).print(table)

    def plans_waive(self, options: dict[str, Any]) -> None:
        version = chosen(options)
        rows = services.findings_waive(
            version_id=version.pk,
            rule=options["rule"],
            about=options["about"],
            reason=options["reason"],
            by=user_named(options["by"]),
            at=timezone.now(),
        )
        for row in rows:
            self.say(f"{row.rule} stands on {version}: {row.message}")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)


def _checks(acts: Any) -> None:
    """Declare what asks the checks, lists their limits and lets a finding stand."""
    check = acts.add_parser(
        "check", help="ask all checks of a plan document in a file, or of a stored version"
    )
    check.add_argument("plan", nargs="?", help="a file, or the code of a plan")
    check.add_argument("--version-number", type=int, help="of a stored plan: the last one if left out")
    check.add_argument("--facts", type=Path, help="of a file: what is known beside it, as JSON")
    check.add_argument("--moment", choices=[str(moment) for moment in Moment], default="design")
    check.add_argument("--json", action="store_true", help="the report as JSON")
    check.add_argument("--reference", action="store_true", help="print the page of all checks instead")
    limits = acts.add_parser("limits", help="list the limits of checks, or say what another would change")
    limits.add_argument("--try", dest="tried", action="append", default=[], metavar="KEY=VALUE")
    waive = acts.add_parser("waive", help="let a rule's findings on a version stand, with a reason")
    waive.add_argument("plan")
    waive.add_argument("rule", help="such as L58")
    waive.add_argument("--version-number", type=int, help="the last one if left out")
    waive.add_argument("--about", default="", help="only the finding about this measure, person or account")
    waive.add_argument("--reason", required=True)
    waive.add_argument("--by", required=True, help="who does it: a user name")


def today() -> date:
    """Return the day it is."""
    return timezone.localdate()


def picture_for(options: dict[str, Any]) -> Picture:
    """
    Return the picture of a file with its facts, or of a stored version with what is known of it.

    :raises CommandError: if no plan is named.
    """
    if not options["plan"]:
        raise CommandError("Name a file with a plan document, or the code of a stored plan.", returncode=2)
    file = Path(options["plan"])
    if file.suffix == ".json" or file.exists():
        facts = read(Facts, document_in(options["facts"])) if options["facts"] else Facts(on=today())
        return picture_of(document=document_in(file), facts=facts)
    return picture_of_version(version=chosen(options), on=today())


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


def document_named(name: str) -> dict[str, Any]:
    """
    Return the document of a file, or of a stored version named as CODE or CODE:2.

    :raises CommandError: if what is behind the colon is no number.
    """
    file = Path(name)
    if file.suffix == ".json" or file.exists():
        return document_in(file)
    code, colon, number = name.rpartition(":")
    if colon and not (number.isascii() and number.isdigit()):
        raise CommandError(f"{name} names no version: say {code}:2 for version 2 of {code}.", returncode=2)
    plan = selectors.plan_named(code if colon else name)
    version = selectors.version_numbered(plan=plan, number=int(number) if colon else None)
    return selectors.version_document(version=version)


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
