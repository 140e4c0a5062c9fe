"""Simulate a plan version on drawn years, and keep what came of it as a scenario."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, amount_of, amounts_table, counted
from payouts.selectors.simulations import Asked, Ground, Subject, asked_usually, budget_on, ground_of
from payouts.selectors.simulations.shown import ScenarioShown, scenario_shown
from payouts.services.scenarios import scenario_keep
from plans.models import Scenario
from plans.selectors import plan_named, version_numbered

DRAWS = (200, 1_000, 5_000)
USUAL = {"draws": "1000", "people": "10", "target": "20000", "accounts": "5"}
STATED = ("people", "target", "accounts")
"""What is stated of people only where the plan has no past."""


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("plan", help="the plan's code")
    parser.add_argument("--version-number", type=int, help="the last one if left out")
    parser.add_argument("--keep", required=True, metavar="NAME", help="the name it is kept under")
    parser.add_argument("--draws", type=int, choices=DRAWS, default=1_000, help="how many years are drawn")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same years")
    without = "of a plan without a past: "
    parser.add_argument("--people", type=int, default=10, metavar="N", help=f"{without}how many it pays")
    parser.add_argument("--target", default="20000", help=f"{without}the target pay of one, a year")
    parser.add_argument("--accounts", type=int, default=5, metavar="N", help=f"{without}how many they serve")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    add_by(parser, "who looks: a comp admin or finance")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do it and say what it comes to."""
    at = timezone.now()
    version = version_numbered(plan=plan_named(options["plan"]), number=options["version_number"])
    ground = ground_of(subject=Subject(version=version))
    kept = scenario_keep(
        ground=ground, asked=_asked(ground, options), said=_said(ground, options), name=options["keep"],
        by=user_named(options["by"]), at=at,
    )  # fmt: skip
    if options["json"]:
        say.print_json(json.dumps(_document(kept)))
    else:
        _say(scenario_shown(scenario=kept), ground=ground, say=say)


def _asked(ground: Ground, options: dict[str, Any]) -> Asked:
    budget = budget_on(plan=ground.subject.plan_code, day=timezone.localdate())
    return asked_usually(
        ground=ground, draws=options["draws"], seed=options["seed"],
        budget=None if budget is None else float(budget), people=max(options["people"], 1),
        target=float(amount_of(options["target"], option="--target")), accounts=max(options["accounts"], 1),
    )  # fmt: skip


def _said(ground: Ground, options: dict[str, Any]) -> dict[str, str]:
    """Return what differs from the usual as the page of the simulation asks it, by field."""
    fields = [name for name in USUAL if ground.history is None or name not in STATED]
    return {name: str(options[name]) for name in fields if str(options[name]) != USUAL[name]}


def _document(kept: Scenario) -> dict[str, Any]:
    return {
        "version_digest": kept.document_digest, "name": kept.name, "currency": kept.currency,
        "people": kept.people, "draws": kept.draws, "asked": kept.asked, **kept.figures,
    }  # fmt: skip


def _say(shown: ScenarioShown, *, ground: Ground, say: Console) -> None:
    kept = shown.scenario
    costs = amounts_table(words=("cost of a year",), amounts=(kept.currency,))
    for words, amount in (
        ("one year in ten is below", shown.low),
        ("half of the years are below", shown.middle),
        ("nine years in ten are below", shown.high),
        *zip(("at 50 % of target", "at 100 % of target", "at 150 % of target"), shown.levels, strict=True),
    ):
        costs.add_row(words, f"{amount:f}")
    say.print(costs)
    chances = amounts_table(words=("measure",), amounts=("pays something", "target or more", "on average"))
    for one in shown.measures:
        chances.add_row(one.name, *(f"{share:.2%}" for share in (one.pays, one.target, one.mean)))
    say.print(chances)
    drawn_from = "from its closed periods" if ground.history else "around target, as it has no past"
    say.print(
        f"{kept.draws} years drawn {drawn_from}; {counted(kept.people, 'person')}. Kept as {kept.name!r}."
    )
