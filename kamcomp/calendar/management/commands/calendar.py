"""`manage.py calendar`: make fiscal calendars, add periods from a file, list them, move them on."""

import csv
import io
from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.table import Table

from kamcomp.calendar import services
from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.calendar.services import LAST_YEAR
from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from kamcomp.terminal import console_on

COLUMNS = ["code", "fiscal_year", "number", "from", "to", "cut_off_on", "pay_on"]


class Command(BaseCommand):
    help = "Make fiscal calendars, list their periods, and move periods on by date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        make = acts.add_parser("make", help="make a calendar")
        make.add_argument("code")
        make.add_argument("--name", required=True)
        make.add_argument("--frequency", choices=Frequency.values, default=Frequency.QUARTER)
        make.add_argument("--first-day", type=date.fromisoformat, help="first day of regular periods")
        make.add_argument("--years", type=int, default=1)
        make.add_argument("--periods", type=Path, help=f"CSV with the columns {', '.join(COLUMNS)}")
        make.add_argument("--by", required=True, help="who does it: a user name")
        acts.add_parser("list", help="list calendars and periods")
        advance = acts.add_parser("advance", help="open and cut off periods by their dates")
        advance.add_argument("--on", type=date.fromisoformat, help="as of this day; today if left out")

    def handle(self, *args: object, **options: object) -> None:
        try:
            getattr(self, f"calendar_{options['act']}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def calendar_make(self, options: dict) -> None:
        frequency = Frequency(options["frequency"])
        if options["periods"]:
            drafts = periods_from_file(options["periods"])
        elif options["first_day"]:
            drafts = services.regular_periods(
                first_day=options["first_day"], frequency=frequency, years=options["years"]
            )
        else:
            raise CommandError("Say --first-day for regular periods, or --periods FILE for your own.")
        calendar = services.calendar_make(
            code=options["code"],
            name=options["name"],
            frequency=frequency,
            periods=drafts,
            by=user_named(options["by"]),
        )
        self.stdout.write(f"Calendar {calendar.code} with {calendar.periods.count()} periods.")

    def calendar_list(self, options: dict) -> None:
        table = Table("calendar", "period", "from", "to", "cut-off", "pay day", "state")
        for period in Period.objects.select_related("calendar"):
            last, pay_on = period.span.last, period.pay_on or ""
            days = [str(day) for day in (period.span.since, last, period.cut_off_on, pay_on)]
            table.add_row(period.calendar.code, period.code, *days, period.get_status_display())
        if FiscalCalendar.objects.exists():
            console_on(self.stdout).print(table)
        else:
            self.stdout.write("No calendar yet: make one with `manage.py calendar make`.")

    def calendar_advance(self, options: dict) -> None:
        moved = services.periods_advance(on=options["on"] or timezone.localdate())
        for period in moved:
            self.stdout.write(f"{period.calendar.code} {period.code}: {period.get_status_display()}")
        if not moved:
            self.stdout.write("No period is due.")


def whole_number(row: dict[str, str], column: str, *, at_most: int) -> int:
    """
    Return a cell as a number from 1.

    :raises ValueError: naming the column.
    """
    text = row[column]
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= at_most):
        raise ValueError(f"{column} {text!r} is not a whole number from 1 to {at_most}")
    return int(text)


def periods_from_file(path: Path) -> list[services.PeriodDraft]:
    """
    Return the periods written in a CSV file; days are inclusive there.

    :raises CommandError: naming the file or the line, and what is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text: save it as a CSV file.") from error
    with io.StringIO(text, newline="") as file:
        reader = csv.DictReader(file, restkey="surplus")
        if reader.fieldnames != COLUMNS:
            raise CommandError(f"{path.name}: the columns must be {', '.join(COLUMNS)}.")
        drafts = []
        for row in reader:
            try:
                drafts.append(
                    services.PeriodDraft(
                        code=row["code"],
                        fiscal_year=whole_number(row, "fiscal_year", at_most=LAST_YEAR),
                        number=whole_number(row, "number", at_most=366),
                        span=Span.inclusive(date.fromisoformat(row["from"]), date.fromisoformat(row["to"])),
                        cut_off_on=date.fromisoformat(row["cut_off_on"]),
                        pay_on=date.fromisoformat(row["pay_on"]) if row["pay_on"] else None,
                    )
                )
            except (TypeError, ValueError) as wrong:
                raise CommandError(f"{path.name}, line {reader.line_num}: {wrong}.") from wrong
        return drafts
