"""`manage.py metrics`: the metric library, and the results of a period computed from facts."""

from argparse import ArgumentParser
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.table import Table

from kamcomp.calendar.models import Period
from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from scorecards.engine.library import LIBRARY
from scorecards.models import Metric, Result, Scorecard
from scorecards.selectors import results_believed, window_label
from scorecards.selectors.scorecard import scorecard, scorecard_of, scorecards_kept
from scorecards.services import results_compute, scorecard_choose, scorecard_finalise, scorecard_open
from teams.models import AccountNode, Person


class Command(BaseCommand):
    help = "List the metrics, and compute or show the results of a period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="list the metrics with their formulas")
        for name, text in (
            ("compute", "compute a period's results from the facts"),
            ("show", "show its results"),
            ("scorecards", "list the scorecards that are kept"),
            ("scorecard", "show the scorecard of an account or a person, by perspective"),
            ("scorecard-open", "keep a scorecard of an account or a person"),
            ("scorecard-choose", "choose the metrics of an open scorecard anew"),
            ("scorecard-finalise", "write its figures on a scorecard and close it"),
        ):
            act = acts.add_parser(name, help=text)
            act.add_argument("--period", required=True, help="a period's code: 2026-Q3")
            act.add_argument("--calendar", help="the calendar's code, where two have such a period")
            if name in ("compute", "scorecard-open", "scorecard-choose", "scorecard-finalise"):
                act.add_argument("--by", required=True, help="who does it: a user name")
            if name == "scorecard" or name.startswith("scorecard-"):
                subject = act.add_mutually_exclusive_group(required=True)
                subject.add_argument("--account", help="the account's code, or that of a part of it")
                subject.add_argument("--employee", help="the person's employee id")
        for name, needed in (("scorecard-open", False), ("scorecard-choose", True)):
            acts.choices[name].add_argument(
                "--metric",
                action="append",
                default=[],
                required=needed,
                help="a metric's code; once for each" + ("" if needed else "; without, the usual ones"),
            )

    def handle(self, *args: object, **options: object) -> None:
        try:
            getattr(self, f"metrics_{str(options['act']).replace('-', '_')}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def metrics_list(self, options: dict) -> None:
        table = Table("code", "metric", "perspective", "unit", "better", "source", "made from")
        for metric in Metric.objects.order_by("code"):
            rule = LIBRARY.get(metric.code)
            made = f"{rule.formula}; {rule.edge}" if rule else "metric_results files"
            words = (metric.get_perspective_display(), metric.unit, metric.direction, metric.source)
            table.add_row(metric.code, metric.name, *words, made)
        self._print(table)

    def metrics_compute(self, options: dict) -> None:
        period = _period(options)
        done = results_compute(period=period, by=user_named(options["by"]), at=timezone.now())
        self.stdout.write(
            f"{period}: {done.new} new results, {done.changed} restated, {done.same} unchanged; "
            f"{done.without_value} without a value."
        )
        self._print(_results_table(period))

    def metrics_show(self, options: dict) -> None:
        self._print(_results_table(_period(options)))

    def metrics_scorecard(self, options: dict) -> None:
        card = scorecard(subject=_subject(options), period=_period(options))
        table = Table("perspective", "metric", "target", "result", "of target", "unit", "state", "because")
        for line in card.lines:
            words = (_plain(line.target), _plain(line.result), _plain(line.attainment))
            table.add_row(
                *(line.perspective, f"{line.metric} {line.name}", *words),
                *(line.currency or line.unit, line.status, line.because),
            )
        self._print(table)
        if card.status:
            self.stdout.write(f"This scorecard is {card.status}.")
        if card.uncovered:
            self.stdout.write(f"Without a target: {', '.join(card.uncovered)}.")

    def metrics_scorecards(self, options: dict) -> None:
        period = _period(options)
        table = Table("of", "state", "final since", "metrics", title=str(period))
        for card in scorecards_kept(period=period):
            codes = ", ".join(sorted(line.metric.code for line in card.lines.all()))
            since = f"{card.finalised_at:%Y-%m-%d}" if card.finalised_at else ""
            table.add_row(str(card.subject), card.get_status_display(), since, codes)
        self._print(table)

    def metrics_scorecard_open(self, options: dict) -> None:
        subject, period = _subject(options), _period(options)
        by, at = user_named(options["by"]), timezone.now()
        card = scorecard_open(subject=subject, period=period, metrics=options["metric"], by=by, at=at)
        self.stdout.write(f"{card}: open, with {card.lines.count()} metrics.")

    def metrics_scorecard_choose(self, options: dict) -> None:
        card, by = _kept(options), user_named(options["by"])
        scorecard_choose(scorecard_id=card.pk, metrics=options["metric"], by=by, at=timezone.now())
        self.stdout.write(f"{card}: open, with {card.lines.count()} metrics.")

    def metrics_scorecard_finalise(self, options: dict) -> None:
        card = scorecard_finalise(
            scorecard_id=_kept(options).pk, by=user_named(options["by"]), at=timezone.now()
        )
        self.stdout.write(f"{card}: final.")

    def _print(self, table: Table) -> None:
        console_on(self.stdout).print(table)


def _period(options: dict) -> Period:
    periods = Period.objects.select_related("calendar").filter(code=options["period"])
    if options["calendar"]:
        periods = periods.filter(calendar__code=options["calendar"])
    found = list(periods)
    if not found:
        raise CommandError(
            f"There is no period {options['period']}; `manage.py calendar list` shows the periods."
        )
    if len(found) > 1:
        calendars = ", ".join(period.calendar.code for period in found)
        raise CommandError(f"{options['period']} is a period of {calendars}: say --calendar.")
    return found[0]


def _subject(options: dict) -> AccountNode | Person:
    if options["account"]:
        node = AccountNode.objects.filter(code=options["account"]).first()
        if node is None:
            raise CommandError(f"There is no account {options['account']}.")
        return node
    person = Person.objects.filter(employee_id=options["employee"]).first()
    if person is None:
        raise CommandError(f"Nobody has the employee id {options['employee']}.")
    return person


def _kept(options: dict) -> Scorecard:
    subject, period = _subject(options), _period(options)
    card = scorecard_of(subject=subject, period=period)
    if card is None:
        raise CommandError(
            f"No scorecard of {subject} in {period} is kept: `metrics scorecard-open` makes one."
        )
    return card


def _results_table(period: Period) -> Table:
    table = Table("metric", "of", "segment", "window", "value", "unit", "state", "because", title=str(period))
    rows = results_believed(period=period).order_by(
        "metric__code", "node__code", "person__employee_id", "window", "id"
    )
    for row in rows:
        of = row.node.code if row.node else str(row.person)
        words = (row.segment.code if row.segment else "", window_label(word=row.window), _shown(row))
        table.add_row(
            row.metric.code, of, *words, row.currency or row.metric.unit, row.get_status_display(), row.note
        )
    return table


def _shown(row: Result) -> str:
    return _plain(row.value)


def _plain(value: Decimal | None) -> str:
    """Return a value for reading: six decimals, without the zeros at their end."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
