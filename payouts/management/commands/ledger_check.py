"""Check the books of every locked run: postings, statements and files out against each other."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from payouts.selectors.named import period_named
from payouts.services.ledger_check import ledger_check


class Command(BaseCommand):
    help = (
        "Check that postings sum to 0 and that balances, statements and files out agree, over all locked runs or "
        "one period's; every difference is named with row and amount, and the exit code is then 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period", help="only this period's books, such as 2026-Q3")
        parser.add_argument("--calendar", help="the calendar's code, where two have such a period")

    def handle(self, *args: Any, **options: Any) -> None:
        say = console_on(self.stdout)
        try:
            period = options["period"] and period_named(code=options["period"], calendar=options["calendar"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        check = ledger_check(at=timezone.now(), period=period or None)
        for finding in check.findings:
            say.print(f"{finding['code']}: {finding['sentence']}")
        sums = ", ".join(f"{amount} {currency}" for currency, amount in check.unexplained.items())
        say.print(
            f"{check.runs} locked run(s), {check.postings} postings, {check.files} files out: "
            f"{check.found} finding(s), unexplained {sums or '0'}."
        )
        if check.found:
            sys.exit(1)
