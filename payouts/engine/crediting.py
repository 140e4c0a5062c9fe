"""
Credits that follow from others: roll-up to managers, and override on the team's sales.

They stand beside the hundred percent that direct and split credits sum to, and count
only where a commission names their type. The calculator and the runs make them here. Pure.
Rule: docs/reference/formulas.md, "Commission".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from kamcomp.refusal import Refusal
from plans.engine.conventions import CreditType

OWN = (CreditType.DIRECT, CreditType.SPLIT)
MANAGERS = frozenset({CreditType.ROLLUP, CreditType.OVERRIDE})


class Credited(Protocol):
    """A dataclass that says which deal is credited to whom, and why."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @property
    def id(self) -> str: ...

    @property
    def person(self) -> str: ...

    @property
    def credit_type(self) -> str: ...


Credit = TypeVar("Credit", bound=Credited)


class ManagersLoop(Refusal):
    """A person is, over others, their own manager."""


def manager_credits(
    *, credits: Sequence[Credit], managers: Mapping[str, str], kinds: frozenset[CreditType]
) -> tuple[Credit, ...]:
    """
    Return the credits that people's own credits (direct, split) give their managers.

    `rollup` gives them to every manager above, `override` to the direct manager; shares
    stay as they are. Only the kinds asked for are made. Ids name deal, kind and manager.

    :raises ManagersLoop: if the chain of managers comes back to a person.
    """
    made = []
    for credit in credits:
        if credit.credit_type not in OWN:
            continue
        for height, manager in enumerate(_chain(credit.person, managers)):
            for kind in (CreditType.ROLLUP, CreditType.OVERRIDE):
                if kind in kinds and (height == 0 or kind is CreditType.ROLLUP):
                    name = f"{credit.id}/{kind}/{manager}"
                    made.append(dataclasses.replace(credit, id=name, person=manager, credit_type=str(kind)))
    return tuple(made)


def own_managers(*, managers: Mapping[str, str]) -> frozenset[str]:
    """Return the people who are, over others, their own manager."""
    found: set[str] = set()
    for person in managers:
        passed = [person]
        while (manager := managers.get(passed[-1])) is not None and manager not in passed:
            passed.append(manager)
        if manager is not None:
            found |= set(passed[passed.index(manager) :])
    return frozenset(found)


def _chain(person: str, managers: Mapping[str, str]) -> Iterator[str]:
    passed = [person]
    while (manager := managers.get(passed[-1])) is not None:
        if manager in passed:
            raise ManagersLoop(
                "The managers of %(person)s come back to %(manager)s: %(passed)s.",
                person=person,
                manager=manager,
                passed=", ".join(passed),
            )
        passed.append(manager)
        yield manager
