"""Load the demo company into a database that has no accounts, people or plans yet; otherwise do nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from payouts.selectors.home import home_stock


class Command(BaseCommand):
    """What `make run` calls after the migrations."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to note that it was loaded."""
        parser.add_argument("--note", help="a file to make when the company was loaded now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Call `demo load` if nothing is there."""
        if any(stock.count for stock in home_stock()) or "demo" not in get_commands():
            return
        self.stdout.write("Loading the demo company (once)...")
        call_command("demo", "load")
        if options["note"]:
            Path(options["note"]).touch()
