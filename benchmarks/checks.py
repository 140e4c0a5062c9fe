"""All checks on a programme of fourteen accounts: the time of one look at a plan with all its facts."""

from __future__ import annotations

import time
from decimal import Decimal

from benchmarks.harness import Asked, Figure, at_most
from plans.checks.facts import (
    AccountFacts,
    CostFacts,
    Facts,
    MemberFacts,
    MetricFacts,
    ObjectiveFacts,
    PersonFacts,
)
from plans.checks.picture import Picture, picture_of
from plans.checks.registry import checked
from plans.checks.rule import RULES

TITLE = "Checks of a design"
ABOUT = (
    "Every rule (design checks and reminders of local law) on a plan of six goals that pays fourteen accounts with "
    "twelve members each: reading the document and looking at the picture, in milliseconds by the clock."
)
ACCOUNTS, MEMBERS, GOALS = 14, 12, 6
PLACES = ("DE", "FR", "GB", "NL", "US-CA", "US-NY", "BE-VLG", "NO", "ES", "IT", "DK", "BR")


def measure(asked: Asked) -> list[Figure]:
    """Return the milliseconds of a look, with and without reading the document."""
    turns = max(asked.pairs, 5) * 4
    whole, looking = [], []
    for _turn in range(turns):
        started = time.perf_counter()
        picture = programme()
        read = time.perf_counter()
        checked(picture=picture, only=RULES)
        done = time.perf_counter()
        whole.append((done - started) * 1000)
        looking.append((done - read) * 1000)
    return [
        at_most("all checks on 14 accounts, document read anew", whole, 300, unit="ms"),
        at_most("all checks on 14 accounts, the picture at hand", looking, 300, unit="ms"),
    ]


def programme() -> Picture:
    """Return the picture of a plan for fourteen accounts."""
    return picture_of(
        document=_document(),
        facts=Facts(
            metrics={"M01": MetricFacts(controllability=3, past=(Decimal(1),) * 40)},
            accounts=tuple(_account(number) for number in range(ACCOUNTS)),
            people=tuple(_person(number) for number in range(ACCOUNTS * MEMBERS)),
            cost=CostFacts(at_target=Decimal(1), budget=Decimal(2)),
        ),
    )


def _document() -> dict[str, object]:
    curve = {"points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.50"]]}
    goals = [
        {
            "code": f"G{number}",
            "kind": "goal",
            "weight": weight,
            "metric": f"M{number + 1:02}",
            "curve": curve,
        }
        for number, weight in enumerate(("0.20", "0.20", "0.15", "0.15", "0.15", "0.15"))
    ]
    return {
        "format": "kamcomp.plan/1", "code": "BENCH", "name": "Bench", "type": "team_performance", "currency": "EUR",
        "effective": {"from": "2027-01-01", "to": "2027-12-31"}, "period": "quarter",
        "incentive": {"children": goals}, "pool": {"funding": {"rule": "targets_times_result"}},
    }  # fmt: skip


def _account(number: int) -> AccountFacts:
    members = tuple(
        MemberFacts(
            person=f"P{number * MEMBERS + seat}", role=f"role-{seat}", seat="kam" if seat == 0 else "member",
            leader=f"L{seat % 2}", pool_eligible=seat > 0, on_plan=seat == 0, measures={"M01": Decimal("0.5")},
        )
        for seat in range(MEMBERS)
    )  # fmt: skip
    objectives = tuple(ObjectiveFacts(code=f"O{number}-{each}", outcome=True) for each in range(5))
    return AccountFacts(code=f"A{number}", has_pnl=True, members=members, objectives=objectives)


def _person(number: int) -> PersonFacts:
    return PersonFacts(
        person=f"P{number}", place=PLACES[number % len(PLACES)], base=Decimal(60_000), variable=Decimal(9_000),
        pool_target=Decimal(4_000), signed=True, compa_ratio=Decimal(1),
    )  # fmt: skip
