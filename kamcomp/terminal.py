"""
What commands print on: a rich console that takes words as they are.

A reason or a name may hold brackets, which rich would take for its own markup: `[see mail]`
would vanish and `[/]` end the command. A file or a pipe has no width of its own, and dates
and amounts are never cut to fit a guess.
"""

from typing import IO, Any, cast

from rich.console import Console

FILE_WIDTH = 240


def console_on(stream: Any) -> Console:
    """Return a console on a command's `self.stdout`."""
    out = cast(IO[str], getattr(stream, "_out", stream))
    width = None if out.isatty() else FILE_WIDTH
    return Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
