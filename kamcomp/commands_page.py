"""
The reference page of all commands, written from their own declarations.

`manage.py commands` prints it; a test compares it with docs/reference/commands.md, so that
the page cannot say something else than the commands take.
"""

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

ROOMS = ("kamcomp", "teams", "scorecards", "plans", "payouts")
HEAD = """\
# Commands

This page is printed by `manage.py commands` from the declarations themselves; a test compares the two. How they follow
each other is told in [how to close a period](../how-to/close-a-period.md).

`make manage ARGS="..."` gives a command to `manage.py` on what runs, or on services started for it; on your own servers
it is `python manage.py ...`. A refusal is one sentence and exit code 1, a wrong option exit code 2. Django's own
commands and options (`--verbosity`, `--traceback`) work as usual and are left out here.
"""


def commands_page() -> str:
    """Return the page, in Markdown."""
    names = {name: app for name, app in get_commands().items() if str(app).partition(".")[0] in ROOMS}
    return HEAD + "".join(section(name=name, app=str(names[name])) for name in sorted(names))


def section(*, name: str, app: str) -> str:
    """Return what the page says of one command, with its subcommands."""
    command = load_command_class(app, name)
    said = "\n".join(line.strip() for line in str(command.help).strip().splitlines())
    if type(command).__mro__[1] is not BaseCommand:
        return f"\n## {name}\n\n{said} Its options are those of Django's command of the same name.\n"
    parser = command.create_parser("manage.py", name)
    return f"\n## {name}\n\n{said}\n" + "".join(part(parser=parser, words=name, own=own_actions(parser)))


def own_actions(parser: ArgumentParser) -> list[Action]:
    """Return the options of a command without those that Django gives to all."""
    shared = {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions}
    return [action for action in parser._actions if action.dest not in shared]


def part(*, parser: ArgumentParser, words: str, own: list[Action]) -> Iterator[str]:
    """Yield the options of a parser as a table, then the parts of its subcommands."""
    shown = [
        action for action in own if not isinstance(action, _SubParsersAction) and action.help != SUPPRESS
    ]
    if shown:
        yield "\n| option | needed | says |\n|---|---|---|\n" + "".join(row(action) for action in shown)
    for action in own:
        if isinstance(action, _SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, below in action.choices.items():
                sentence = helps.get(name, "").rstrip(".")
                yield f"\n### {words} {name}\n\n{sentence[:1].upper()}{sentence[1:]}.\n"
                inner = [one for one in below._actions if one.dest != "help"]
                yield from part(parser=below, words=f"{words} {name}", own=inner)


def row(action: Action) -> str:
    """Return the line of one option or argument."""
    says = str(action.help or "").replace("|", "\\|")
    parts = [says] if says else []
    if action.choices is not None:
        parts.append(f"one of {', '.join(str(choice) for choice in action.choices)}")
    if action.default not in (None, "", False, SUPPRESS) and action.nargs != 0:
        parts.append(f"{action.default} if left out")
    return f"| `{name_of(action)}` | {needed(action)} | {'; '.join(parts)} |\n"


def name_of(action: Action) -> str:
    """Return an option as it is typed, with a word for its value."""
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper().replace("_", "-")
    if not action.option_strings:
        return f"{value} ..." if action.nargs in ("+", "*") else value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def needed(action: Action) -> str:
    """Return whether a command can do without an option."""
    if action.option_strings:
        return "yes" if action.required else "no"
    return "no" if action.nargs in ("?", "*") else "yes"
