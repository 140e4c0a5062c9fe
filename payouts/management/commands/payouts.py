"""`manage.py payouts SUBCOMMAND`: run, review, lock, export, verify; each subcommand is a file of payouts/cli."""

import sys
from argparse import ArgumentParser
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kamcomp.refusal import Refusal
from kamcomp.terminal import console_on
from payouts import cli


def subcommands() -> dict[str, ModuleType]:
    """Return the subcommands by name, in alphabetical order."""
    modules = {
        found.name.replace("_", "-"): import_module(f"{cli.__name__}.{found.name}")
        for found in sorted(iter_modules(cli.__path__), key=lambda found: found.name)
    }
    return {name: module for name, module in modules.items() if hasattr(module, "perform")}


class Command(BaseCommand):
    """Find the subcommand, do it, and turn a refusal into one sentence."""

    help = "Run, review, allocate, approve, lock, export and verify payouts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Give each subcommand its own options."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="SUBCOMMAND")
        for name, module in subcommands().items():
            described = module.__doc__ or ""
            line = described.strip().partition("\n")[0]
            module.arguments(acts.add_parser(name, help=line, description=line))

    def handle(self, *args: object, **options: Any) -> None:
        """Do the subcommand; its exit code is ours."""
        say = console_on(self.stdout)
        try:
            code = subcommands()[options["act"]].perform(options=options, say=say)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if code:
            sys.exit(code)
