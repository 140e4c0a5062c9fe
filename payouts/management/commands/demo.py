"""`manage.py demo`: load Halden Components into an empty database."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from payouts.demo.story import told
from payouts.selectors.home import home_stock


class Command(BaseCommand):
    help = "The demo company: `demo load` tells its five quarters into an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["load"])

    def handle(self, *args: object, **options: Any) -> None:
        filled = [f"{stock.count} {stock.label.lower()}" for stock in home_stock() if stock.count]
        if filled:
            raise CommandError(
                f"This database has {', '.join(filled)} already; the demo company needs an empty one."
            )
        logging.getLogger("payouts").setLevel(logging.WARNING)
        with transaction.atomic():
            told(say=lambda chapter: self.stdout.write(f"  {chapter}"), at=timezone.now())
        self.stdout.write("Halden Components is there.")
