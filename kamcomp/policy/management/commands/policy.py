"""`manage.py policy`: list the company's settings with the days they hold, and set one from a day on."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from kamcomp.identity.selectors import user_named
from kamcomp.policy.models import PolicySetting
from kamcomp.policy.services import setting_put
from kamcomp.refusal import Refusal

WIDTH = 160


class Command(BaseCommand):
    help = "List the company's settings with the days they hold, and set one from a day on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="list every value that was set, with its days")
        put = acts.add_parser("put", help="set a value from a day on; what held before stays on record")
        put.add_argument("key", help="such as account_review_days; docs/how-to/run-it.md lists them")
        put.add_argument(
            "value", help='whole numbers, lists and objects as JSON (5, ["colleague"]), anything else as text'
        )
        put.add_argument("--since", type=date.fromisoformat, required=True, help="the first day it holds")
        put.add_argument("--reason", required=True, help="why")
        put.add_argument("--by", required=True, help="who does it: a user name")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            getattr(self, f"policy_{options['act']}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def policy_list(self, _options: dict[str, Any]) -> None:
        settings = PolicySetting.objects.order_by("key", "valid")
        if not settings:
            self.stdout.write("Nothing is set: every setting is as shipped.")
            return
        table = Table("setting", "value", "from", "to", "reason")
        for setting in settings:
            value, last = json.dumps(setting.value, ensure_ascii=False), setting.span.last
            table.add_row(setting.key, value, str(setting.span.since), str(last or ""), setting.reason)
        console = Console(width=None if self.stdout.isatty() else WIDTH)
        with console.capture() as drawn:
            console.print(table)
        self.stdout.write(drawn.get())

    def policy_put(self, options: dict[str, Any]) -> None:
        setting = setting_put(
            key=options["key"],
            value=value_of(options["value"]),
            since=options["since"],
            reason=options["reason"],
            by=user_named(options["by"]),
            at=timezone.now(),
        )
        self.stdout.write(f"{setting.key} is {json.dumps(setting.value)} from {setting.span.since} on.")


def value_of(text: str) -> Any:
    """Return what a value on the command line means: a whole number, a list or an object, else the text itself."""
    try:
        value = json.loads(text, parse_float=str)
    except ValueError:
        return text
    return value if isinstance(value, list | dict) or type(value) is int else text
