"""
All rules, and a look at a picture with them.

Local-law reminders are asked first, because one design check counts those that are open. Each rule answers with
its findings, or with what it would have to know; nothing is thrown and nothing is silent. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from plans.checks import (  # the rules declare themselves
    cost,
    credits,
    curves,
    governance,
    judged,
    law_americas,
    law_asia,
    law_elsewhere,
    law_europe,
    law_europe_rest,
    measures,
    pay_mix,
    pool,
    programme,
    targets,
    team,
    timing,
)
from plans.checks.facts import Stage
from plans.checks.picture import Look, Picture
from plans.checks.rule import NOT_ADVICE, RULES, Finding, Moment, NotKnown, Rule, Severity
from plans.engine.conventions import Level, PlanType

THEMES = (
    pay_mix, measures, judged, timing, curves, targets, team, pool, credits, cost, governance, programme,
    law_elsewhere, law_americas, law_europe, law_europe_rest, law_asia,
)  # fmt: skip
WEIGHTS = {Severity.BLOCKS: 0, Severity.TO_LOOK_AT: 1, Severity.INFORMATION: 2}


@dataclass(frozen=True)
class NotAnswered:
    """A rule that could not be answered, and what it would have to know."""

    rule: str
    title: str
    lacks: str


@dataclass(frozen=True)
class Report:
    """What a look found, the heaviest first, and which rules could not be answered."""

    findings: tuple[Finding, ...]
    not_known: tuple[NotAnswered, ...]

    @property
    def blocks(self) -> tuple[Finding, ...]:
        """Return the findings that block."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKS)

    def of(self, rule: str) -> tuple[Finding, ...]:
        """Return the findings of one rule."""
        return tuple(finding for finding in self.findings if finding.rule == rule)


def rules_in_order() -> tuple[Rule, ...]:
    """Return every rule by its id, design checks before local-law reminders."""
    return tuple(sorted(RULES.values(), key=lambda rule: (rule.is_local_law, rule.id)))


def words_of_rules() -> Iterator[tuple[str, str]]:
    """Yield what every rule says, for the catalogue of translations: its title, message, advice and source."""
    for rule in rules_in_order():
        place = f"{rule.looks.__module__.replace('.', '/')}.py"
        yield from ((said, place) for said in (rule.title, rule.literal, rule.advice, rule.source))
    yield NOT_ADVICE, "plans/checks/rule.py"
    for level in (Level.REGION, Level.COMPANY):
        yield str(level), "plans/engine/conventions.py"
    for kind in PlanType:
        yield str(kind).replace("_", " "), "plans/engine/conventions.py"


def checked(
    *,
    picture: Picture,
    settings: Mapping[str, Decimal] | None = None,
    moment: Moment = Moment.DESIGN,
    only: Iterable[str] | None = None,
) -> Report:
    """
    Look at a picture with the rules of a moment, or those named, under the company's limits by setting key.

    A load of history is not refused for lateness, a missing signature or a missing replay: they are there to look at.
    """
    asked = {rule.id for rule in RULES.values() if moment in rule.moments}
    wanted = asked if only is None else set(only)
    found: list[Finding] = []
    of_law: list[Finding] = []
    not_known: list[NotAnswered] = []
    for rule in sorted(RULES.values(), key=lambda rule: (not rule.is_local_law, rule.id)):
        if rule.id not in wanted:
            continue
        look = Look(rule=rule, picture=picture, settings=settings or {}, local=of_law)
        try:
            for finding in rule.looks(look):
                found.append(_weighed(finding, rule, picture))
                if rule.is_local_law:
                    of_law.append(found[-1])
        except NotKnown as unknown:
            not_known.append(NotAnswered(rule=rule.id, title=rule.title, lacks=unknown.what))
    found.sort(key=lambda finding: (WEIGHTS[finding.severity], finding.rule.startswith("E"), finding.rule))
    return Report(findings=tuple(found), not_known=tuple(not_known))


def _weighed(finding: Finding, rule: Rule, picture: Picture) -> Finding:
    """Return a finding as heavy as the moment makes it."""
    if rule.timely and picture.facts.stage is Stage.HISTORY and finding.severity is Severity.BLOCKS:
        return Finding(**{**finding.__dict__, "severity": Severity.TO_LOOK_AT})
    return finding
