"""
What a rule looks at: the plan document with its terms, the facts beside it, and the limits of the company.

The terms are read without the laws of a document that can be stored: a draft whose weights do not sum yet is
looked at like any other, and a rule says so. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from kamcomp.sentences import Listing, Sentence, Word, ours
from plans.checks.changes import Change, Fix, value_at
from plans.checks.facts import AccountFacts, Facts, MemberFacts, MetricFacts, PersonFacts
from plans.checks.rule import PLACE, Figure, Finding, NotKnown, Rule, Severity, known, shown
from plans.engine.codec import DocumentInvalid, read_sound, schema_errors
from plans.engine.conventions import Above, CurveShape, Level
from plans.engine.curve import slope_points
from plans.engine.document import plan_schema, spelled_out
from plans.engine.laws import law_errors
from plans.engine.plan import (
    Branch,
    Curve,
    CurvePoint,
    Goal,
    Incentive,
    Matrix,
    Milestone,
    MoneyLeaf,
    Objectives,
    Plan,
    SlopeCurve,
)
from plans.engine.pool_terms import FundingRule
from scorecards.engine.library import LIBRARY

Leaf = Goal | Matrix | Objectives | Milestone
SAID_BY_RULES = {"weights_sum", "not_increasing"}
SAID_MISSING = 5
"""How many missing facts a rule names; of more it says that there are."""
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class Placed:
    """A leaf of the weighted tree with its JSON pointer and its branch's."""

    leaf: Leaf
    at: str
    branch: Incentive | Branch
    branch_at: str

    @property
    def name(self) -> str:
        """Return what people call the leaf."""
        return self.leaf.name or self.leaf.code

    @property
    def measure(self) -> str:
        """Return what the leaf measures: a metric, two of them, or its own judgement."""
        if isinstance(self.leaf, Goal):
            return self.leaf.metric
        if isinstance(self.leaf, Matrix):
            return Sentence("%(one)s and %(other)s", one=self.leaf.x.metric, other=self.leaf.y.metric)
        return Word("objectives") if isinstance(self.leaf, Objectives) else self.leaf.code

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the metrics the leaf pays on."""
        if isinstance(self.leaf, Goal):
            return (self.leaf.metric,)
        return (self.leaf.x.metric, self.leaf.y.metric) if isinstance(self.leaf, Matrix) else ()


@dataclass(frozen=True)
class Picture:
    """A plan and the facts beside it."""

    document: Mapping[str, Any]
    plan: Plan
    facts: Facts = field(default_factory=Facts)

    @cached_property
    def branches(self) -> tuple[tuple[str, Incentive | Branch], ...]:
        """Return every branch from the root down, with its JSON pointer."""
        return tuple(_branches(self.plan.incentive, "/incentive"))

    @cached_property
    def leaves(self) -> tuple[Placed, ...]:
        """Return the leaves under the weights, in the order of the document."""
        return tuple(
            Placed(child, f"{at}/children/{i}", branch, at)
            for at, branch in self.branches
            for i, child in enumerate(branch.children)
            if not isinstance(child, Branch)
        )

    @cached_property
    def weights(self) -> Mapping[str, Decimal]:
        """Return the weight of each measure over all leaves that pay on it, the heaviest first."""
        found: dict[str, Decimal] = {}
        for placed in self.leaves:
            found[placed.measure] = found.get(placed.measure, ZERO) + placed.leaf.weight
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @cached_property
    def money_leaves(self) -> tuple[tuple[str, MoneyLeaf], ...]:
        """Return the leaves outside the weights, with their JSON pointers."""
        return tuple((f"/commissions/{i}", leaf) for i, leaf in enumerate(self.plan.commissions))

    @cached_property
    def main(self) -> Placed | None:
        """Return the heaviest goal, if there is one."""
        goals = [placed for placed in self.leaves if isinstance(placed.leaf, Goal)]
        return max(goals, key=lambda placed: placed.leaf.weight, default=None)

    @cached_property
    def pool_measures(self) -> tuple[str, ...]:
        """Return the metrics that the members of the pool share in through its funding."""
        pool = self.plan.pool
        if pool is None or pool.funding.rule not in (FundingRule.TARGETS_TIMES_RESULT, FundingRule.BUCKETS):
            return ()
        nodes = {pool.funding.node, *(bucket.node for bucket in pool.funding.buckets)}
        found = [metric for placed in self.leaves for metric in placed.metrics if self._under(placed, nodes)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def people(self) -> Mapping[str, PersonFacts]:
        """Return the people by name."""
        return {person.person: person for person in self.facts.people or ()}

    @cached_property
    def by_place(self) -> Mapping[str, tuple[tuple[int, PersonFacts], ...]]:
        """Return by place who works there, each with the position among all people; "" is of those without one."""
        found: dict[str, list[tuple[int, PersonFacts]]] = {}
        for position, person in enumerate(self.facts.people or ()):
            found.setdefault(person.place, []).append((position, person))
        return {place: tuple(people) for place, people in found.items()}

    def _under(self, placed: Placed, codes: set[str]) -> bool:
        if "" in codes or placed.leaf.code in codes:
            return True
        above = [
            branch for at, branch in self.branches if placed.at.startswith(f"{at}/") and at != "/incentive"
        ]
        return any(branch.code in codes for branch in above if isinstance(branch, Branch))

    def account_manager_picture(self) -> Picture | None:
        """Return the plan of account managers as a picture, if there is one to compare with."""
        document = self.facts.account_manager_plan
        return None if document is None else picture_of(document=document)


@dataclass(frozen=True)
class Look:
    """One rule's look at a picture, with the limits in force and what the local-law reminders found before."""

    rule: Rule
    picture: Picture
    settings: Mapping[str, Decimal]
    local: Sequence[Finding] = ()

    @property
    def plan(self) -> Plan:
        return self.picture.plan

    @property
    def facts(self) -> Facts:
        return self.picture.facts

    @property
    def on(self) -> date:
        """Return the day of the look. :raises NotKnown: if nobody said one."""
        return known(self.facts.on, "the day of the look")

    def limit(self, name: str, of: str = "") -> Decimal:
        """Return a limit of the rule: the company's for a role or kind, else the company's, else the shipped one."""
        key = self.rule.setting(name)
        if of and f"{key}.{of}" in self.settings:
            return self.settings[f"{key}.{of}"]
        return self.settings.get(key, self.rule.limits[name].default)

    def accounts(self) -> tuple[AccountFacts, ...]:
        """Return the accounts. :raises NotKnown: if they are not known."""
        return known(self.facts.accounts, "the accounts the plan pays for")

    def people(self) -> tuple[PersonFacts, ...]:
        """Return the people. :raises NotKnown: if they are not known."""
        return known(self.facts.people, "the people on the plan")

    def members(self) -> Iterator[tuple[AccountFacts, MemberFacts]]:
        """Yield each member of each account team. :raises NotKnown: at the end, if a team is not known."""
        asked = Gathered()
        for account in self.accounts():
            for member in asked.ask(account.members, "the team of %(account)s", account=account.code) or ():
                yield account, member
        asked.say()

    def metric(self, code: str) -> MetricFacts:
        """Return what the company says of a metric; nothing is known of one that is not there."""
        return self.facts.metrics.get(code, MetricFacts())

    def direction(self, code: str) -> str:
        """Return whether more of a metric is better. :raises NotKnown: if neither library nor company says so."""
        rule = LIBRARY.get(code)
        direction = self.metric(code).direction or (rule.direction if rule else None)
        return known(direction, Sentence("which way %(code)s is good", code=code))

    def perspective(self, code: str) -> str:
        """Return the perspective of a metric, empty if nobody says one."""
        rule = LIBRARY.get(code)
        return self.metric(code).perspective or (rule.perspective if rule else "")

    def found(
        self,
        *,
        value: Figure,
        limit: Figure | None = None,
        at: str = "",
        about: str = "",
        severity: Severity | None = None,
        fix: Fix | None = None,
        **words: object,
    ) -> Finding:
        """Return a finding of the rule, with its sentence filled in."""
        unit = self.rule.unit
        words |= {"value": shown(value, unit), "limit": shown(limit, unit), "about": about}
        message = self.rule.said(**{name: words[name] for name in PLACE.findall(self.rule.message)})
        return Finding(
            rule=self.rule.id, severity=severity or self.rule.severity, message=message, value=value, unit=unit,
            source=self.rule.source, limit=limit, at=at, about=about, fix=fix,
        )  # fmt: skip


class Gathered:
    """Facts asked for one by one: what is missing is remembered, and said after everything that was found."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def ask(self, value: Any, what: str, /, **values: object) -> Any:
        """
        Return a fact, or None after noting that it is missing.

        `what` is its name, or a literal with places for `values`: the sentence is made only where it is said, as
        most facts of most people are there.
        """
        if value is None and len(self.missing) <= SAID_MISSING:
            missing = Sentence(what, **values) if values else ours(what)
            if missing not in self.missing:
                self.missing.append(missing)
        return value

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Go on with the next one after a part that lacks a fact, and note the fact."""
        try:
            yield
        except NotKnown as unknown:
            self.ask(None, unknown.what)

    def say(self) -> None:
        """Say what was missing. :raises NotKnown: naming it, if anything was."""
        if self.missing:
            more = [Word("and more")] if len(self.missing) > SAID_MISSING else []
            raise NotKnown(Listing([*self.missing[:SAID_MISSING], *more]))


def picture_of(*, document: Mapping[str, Any], facts: Facts | None = None) -> Picture:
    """
    Return the picture of a plan document and what is known beside it.

    :raises DocumentInvalid: with every departure from the schema, or every broken law that no rule says.
    """
    errors = schema_errors(plan_schema(), document)
    if errors:
        raise DocumentInvalid(errors)
    plan = read_sound(Plan, spelled_out(document))
    if broken := [error for error in law_errors(plan) if error.code not in SAID_BY_RULES]:
        raise DocumentInvalid(broken)
    return Picture(document=document, plan=plan, facts=facts or Facts())


def points_of(curve: Curve | SlopeCurve) -> tuple[CurvePoint, ...]:
    """Return the points a curve runs through."""
    return curve.points if isinstance(curve, Curve) else slope_points(curve)


def is_linear(curve: Curve | SlopeCurve) -> bool:
    """Tell whether a curve runs straight between its points."""
    return isinstance(curve, SlopeCurve) or curve.shape is CurveShape.LINEAR


def top_ratio(node: Incentive | Branch | Leaf) -> Decimal:
    """
    Return the most a node pays as a share of target: its last curve point or grid cell, its best modifiers, its cap.

    A curve that goes on above its last point is taken at that point: the excellence it was drawn for.
    """
    if isinstance(node, Incentive | Branch):
        weighted = sum((child.weight * top_ratio(child) for child in node.children), ZERO)
        top = weighted / node.weight if node.weight else ZERO
    elif isinstance(node, Goal):
        top = max((max(point.payout, point.arriving) for point in points_of(node.curve)), default=ZERO)
    elif isinstance(node, Matrix):
        top = max((cell for row in node.grid for cell in row), default=ZERO)
    else:
        top = max(node.scale, default=ONE) if isinstance(node, Objectives) else ONE
    for modifier in node.modifiers:
        top *= max((max(point.payout, ONE) for point in points_of(modifier.table)), default=ONE)
    return top if node.cap is None else min(top, node.cap)


def ends_at_last_point(curve: Curve | SlopeCurve) -> bool:
    """Tell whether a curve pays no more above its last point."""
    return curve.above is not Above.EXTEND


def team_share(picture: Picture) -> Decimal:
    """Return the weight of everything that reads a result of the team."""
    return sum(
        (placed.leaf.weight for placed in picture.leaves if placed.leaf.level is not Level.INDIVIDUAL), ZERO
    )


def weight_moved(*, picture: Picture, placed: Placed, weight: Decimal, words: str) -> Fix | None:
    """
    Return a fix that gives a leaf another weight; the heaviest leaf beside it takes the difference.

    None where nothing stands beside it that could.
    """
    beside = [
        other for other in picture.leaves if other.branch_at == placed.branch_at and other.at != placed.at
    ]
    heaviest = max(beside, key=lambda other: other.leaf.weight, default=None)
    if heaviest is None or heaviest.leaf.weight + placed.leaf.weight - weight <= 0:
        return None
    rest = heaviest.leaf.weight + placed.leaf.weight - weight
    return Fix(
        words=words,
        changes=(
            Change(at=f"{placed.at}/weight", value=f"{weight:f}"),
            Change(at=f"{heaviest.at}/weight", value=f"{rest:f}"),
        ),
    )


def without_leaf(*, picture: Picture, placed: Placed, words: str) -> Fix | None:
    """
    Return a fix that takes a leaf away and gives its weight to the heaviest beside it; None if it
    stands alone.
    """
    given = weight_moved(picture=picture, placed=placed, weight=ZERO, words=words)
    if given is None:
        return None
    _, taken_by = given.changes
    return Fix(words=words, changes=(taken_by, Change(at=placed.at, taken=True)))


def stated(picture: Picture, at: str) -> Any:
    """Return what the document as written says at a JSON pointer."""
    return value_at(document=picture.document, at=at)


def _branches(node: Incentive | Branch, at: str) -> Iterator[tuple[str, Incentive | Branch]]:
    yield at, node
    for i, child in enumerate(node.children):
        if isinstance(child, Branch):
            yield from _branches(child, f"{at}/children/{i}")
