"""Who tells the catalogue words that no reading of the code finds: rules whose sentence is a docstring, say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

_TELLERS: list[Callable[[], Iterable[tuple[str, str]]]] = []


def tells(*tellers: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Add what tells words, each with the place where it stands; an app does so as it starts."""
    _TELLERS.extend(teller for teller in tellers if teller not in _TELLERS)


def told() -> Iterator[tuple[str, str]]:
    """Return every word told, with its place."""
    for teller in _TELLERS:
        yield from teller()
