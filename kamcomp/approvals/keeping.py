"""Rules whose findings are for HR and legal alone; the rooms that have rules name theirs when they are ready."""

from collections.abc import Iterable

_FOR_HR: set[str] = set()


def rules_keep_for_hr(*, rules: Iterable[str]) -> None:
    """Make findings of these rules, also those that were let stand, seen by HR and legal alone."""
    _FOR_HR.update(rules)


def rules_for_hr() -> list[str]:
    """Return the rules whose findings are for HR and legal alone."""
    return sorted(_FOR_HR)
