"""
Measuring what is wanted: facts read once, then every result from them.

The subjects of a result are cuts of the facts: a node of the account tree with all below
it, or a person. What a person owns (credits, opportunities, objectives) is read of the
person; everything else of the accounts the person serves on the window's last day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from kamcomp.calendar.models import Period
from kamcomp.policy.models import PolicySetting
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from scorecards.choices import MetricSource
from scorecards.engine.cuts import Cuts
from scorecards.engine.facts import Subject
from scorecards.engine.ingredients import INGREDIENTS, Ingredients, ingredients_of_cuts
from scorecards.engine.library import MetricUnknown, metric_rule
from scorecards.engine.metric import MetricResult, MetricRule, MetricState, metric_result
from scorecards.engine.windows import Window
from scorecards.models import Metric
from scorecards.selectors.conventions import conventions_on
from scorecards.selectors.facts import FactsWanted, facts_known, reached
from scorecards.selectors.needs import ResultNeed, window_days, year_days
from scorecards.selectors.rates import plan_rates
from scorecards.selectors.team_pay import VariablePaid, team_pay_known
from teams.choices import PackageStatus
from teams.models import AccountNode, Membership, PayPackage, Person, Segment, StrategicAccount

COMPANY = "company.node"
OWNED = frozenset({"sales", "opportunities", "objectives"})
READS_TOO: Mapping[str, tuple[str, ...]] = {"wallet": ("sales",), "benchmarks": ("contracts",)}


class CurrencyUnknown(Refusal):
    """Nothing says in which currency a subject's results are counted."""


@dataclass(frozen=True)
class Measured:
    """A result that was wanted, with its metric, its currency, and what it came out as."""

    need: ResultNeed
    metric: Metric
    currency: str
    result: MetricResult


def results_measured(
    *,
    period: Period,
    needed: Sequence[ResultNeed],
    known_at: datetime,
    variable_paid: VariablePaid | None = None,
) -> list[Measured]:
    """
    Return what is wanted of a period, measured from the facts as known at an instant.

    External metrics are left out: their results come from files only. `variable_paid` is
    what the payouts say was paid of accounts, for M27.

    :raises MetricUnknown: if a metric is neither in the library nor external.
    :raises CurrencyUnknown: if a subject has no currency to count in.
    :raises RateMissing: if an amount is in a currency without a plan rate.
    """
    metrics = {metric.code: metric for metric in Metric.objects.all()}
    unknown = sorted({need.metric for need in needed if need.metric not in metrics})
    if unknown:
        raise MetricUnknown(
            "There is no metric %(unknown)s; `manage.py metrics list` shows what there is.",
            unknown=", ".join(unknown),
        )
    wanted = [need for need in needed if metrics[need.metric].source == MetricSource.COMPUTED]
    return (
        list(_Measurement(period, wanted, metrics, known_at, variable_paid or {}).results()) if wanted else []
    )


class _Measurement:
    """One reading of the facts for everything wanted of a period."""

    def __init__(
        self,
        period: Period,
        needed: Sequence[ResultNeed],
        metrics: Mapping[str, Metric],
        known_at: datetime,
        variable_paid: VariablePaid,
    ) -> None:
        self.period, self.needed, self.metrics, self.known_at = period, needed, metrics, known_at
        self.variable_paid = variable_paid
        self.rules = {need.metric: metric_rule(code=need.metric) for need in needed}
        self.conventions = conventions_on(day=period.span.last or period.days.lower)

    def results(self) -> Iterable[Measured]:
        """Yield what each need came out as, in the order of the needs."""
        found = self._ingredients()
        for need in self.needed:
            rule, subject = self.rules[need.metric], self.subjects[need]
            currency = self.currencies[need]
            if subject is None:
                result = _not_measured(rule, "the person serves no account on the window's last day")
            elif subject.level not in rule.levels and not (
                subject.level == "account" and "site" in rule.levels
            ):
                result = _not_measured(rule, f"{rule.code} is not measured for a {subject.level}")
            else:
                minimum = self.metrics[need.metric].minimum_sample
                ingredients = found[subject, self.windows[need], currency]
                result = metric_result(rule=rule, ingredients=ingredients, minimum_sample=minimum)
            yield Measured(need, self.metrics[need.metric], currency, result)

    def _ingredients(self) -> Mapping[tuple[Subject, Window, str], Ingredients]:
        """Return the ingredients of each subject, window and currency, each measured once."""
        wanted: dict[tuple[Subject, Window, str], dict[str, None]] = defaultdict(dict)
        for need in self.needed:
            subject = self.subjects[need]
            if subject is not None:
                key = (subject, self.windows[need], self.currencies[need])
                wanted[key].update(dict.fromkeys(self.rules[need.metric].ingredients))
        cuts = self._cuts()
        return {
            (subject, window, currency): ingredients_of_cuts(
                cuts=cuts.in_currency(currency),
                subject=subject,
                window=window,
                wanted=names,
                conventions=self.conventions,
            )
            for (subject, window, currency), names in wanted.items()
        }

    def _cuts(self) -> Cuts:
        since, until = year_days(period=self.period)
        rates = plan_rates(year_since=since, year_until=until, known_at=self.known_at)
        facts = facts_known(
            wanted=FactsWanted(
                reach=self._reach(),
                known_at=self.known_at,
                apart=self._apart(),
                person_codes=frozenset(
                    s.person for s in self.subjects.values() if s is not None and s.person
                ),
            )
        )
        if self.variable_paid:
            paid = Period.objects.filter(pk__in={of for _, of in self.variable_paid})
            pay = team_pay_known(periods=paid.order_by("days"), variable_paid=self.variable_paid)
            facts = replace(facts, team_pay=tuple(pay))
        return Cuts(facts=facts, currency="", rates=rates)

    def _reach(self) -> Mapping[str, Window]:
        """Return for each kind of facts the days that any result wanted looks at."""
        reach: dict[str, Window] = {}
        for need in self.needed:
            for name in self.rules[need.metric].ingredients:
                ingredient = INGREDIENTS[name]
                days = reached(window=self.windows[need], months=ingredient.reach(self.conventions))
                for kind in _kinds(name, need):
                    other = reach.get(kind, days)
                    reach[kind] = Window(min(days.since, other.since), max(days.until, other.until))
        return reach

    def _apart(self) -> Mapping[str, frozenset[str]]:
        """Return by what sales, and a person's credited sales, have to be told apart."""
        apart: dict[str, frozenset[str]] = defaultdict(frozenset)
        for need, subject in self.subjects.items():
            by_segment = frozenset({"product"} if subject is not None and subject.segments else ())
            for name in self.rules[need.metric].ingredients:
                for kind in _kinds(name, need):
                    apart[kind] |= INGREDIENTS[name].apart | by_segment
        return apart

    @cached_property
    def windows(self) -> Mapping[ResultNeed, Window]:
        """Return the days of each need's window."""
        known = {
            (window, years, since): window_days(period=self.period, window=window, years=years, since=since)
            for window, years, since in {(need.window, need.years, need.since) for need in self.needed}
        }
        return {need: known[need.window, need.years, need.since] for need in self.needed}

    @cached_property
    def subjects(self) -> Mapping[ResultNeed, Subject | None]:
        """Return whom each need is about; None for a person who serves no account."""
        return {need: self._subject(need) for need in self.needed}

    def _subject(self, need: ResultNeed) -> Subject | None:
        segments = [self._segments[need.segment_id]] if need.segment_id else []
        if need.node_id is not None:
            code = self._nodes[need.node_id][0]
            return (
                Subject.company(segments=segments)
                if code == self._company
                else Subject.account(code, segments=segments)
            )
        code = self._people[need.person_id]
        kinds = {INGREDIENTS[name].kind for name in self.rules[need.metric].ingredients}
        if kinds <= OWNED:
            return Subject.of_person(code, segments=segments)
        accounts, served = self._served(code, self.windows[need])
        return Subject.of_person(code, accounts=accounts, segments=segments or served) if accounts else None

    def _served(self, code: str, window: Window) -> tuple[frozenset[str], frozenset[str]]:
        """Return the accounts a person serves on a window's last day, and the segments if limited to some."""
        on_team = [
            (node, segment) for span, node, segment in self._teams.get(code, ()) if window.last in span
        ]
        segments = {segment for _, segment in on_team}
        limited = (
            frozenset(segment for segment in segments if segment) if None not in segments else frozenset()
        )
        return frozenset(node for node, _ in on_team), limited

    @cached_property
    def _teams(self) -> Mapping[str, list[tuple[Span, str, str | None]]]:
        people = [need.person_id for need in self.needed if need.person_id is not None]
        rows = Membership.objects.filter(person__in=people).values_list(
            "person__employee_id", "valid", "node__code", "account__node__code", "segments__code"
        )
        teams: dict[str, list[tuple[Span, str, str | None]]] = defaultdict(list)
        for person, valid, narrowed, root, segment in rows:
            teams[person].append((Span(valid.lower, valid.upper), narrowed or root, segment))
        return teams

    @cached_property
    def currencies(self) -> Mapping[ResultNeed, str]:
        """Return the currency each need is counted in."""
        return {need: need.currency or self._currency(need) for need in self.needed}

    def _currency(self, need: ResultNeed) -> str:
        if need.node_id is not None:
            return self._nodes[need.node_id][1]
        if need.person_id not in self._packages:
            raise CurrencyUnknown(
                "%(people)s has no approved pay package in %(period)s, and the target of %(metric)s "
                "names no currency: give one of them a currency.",
                people=self._people[need.person_id],
                period=self.period,
                metric=need.metric,
            )
        return self._packages[need.person_id]

    @cached_property
    def _nodes(self) -> Mapping[UUID, tuple[str, str]]:
        """Return code and currency of each node: the plan currency of its programme account, else its own."""
        plan = dict(StrategicAccount.objects.values_list("node_id", "plan_currency"))
        rows = {pk: (code, parent, currency) for pk, code, parent, currency in AccountNode.objects.values_list(
            "id", "code", "parent_id", "currency")}  # fmt: skip
        found = {}
        for pk, (code, parent, currency) in rows.items():
            top = pk
            while top not in plan and parent is not None:
                top, parent = parent, rows[parent][1]
            found[pk] = (code, plan.get(top, currency))
        return found

    @cached_property
    def _company(self) -> str | None:
        """Return the code of the node that stands for the whole company, if a policy setting names one."""
        setting = PolicySetting.objects.filter(key=COMPANY, valid__contains=self.period.days.lower).first()
        return None if setting is None else setting.value

    @cached_property
    def _people(self) -> Mapping[UUID | None, str]:
        return dict(Person.objects.values_list("id", "employee_id"))

    @cached_property
    def _segments(self) -> Mapping[UUID, str]:
        return dict(Segment.objects.values_list("id", "code"))

    @cached_property
    def _packages(self) -> Mapping[UUID | None, str]:
        rows = PayPackage.objects.filter(valid__overlap=self.period.days, status=PackageStatus.APPROVED)
        return dict(rows.order_by("valid").values_list("person_id", "currency"))


def _kinds(ingredient: str, need: ResultNeed) -> tuple[str, ...]:
    """Return the kinds of facts that an ingredient reads; a person's credited sales are a kind of their own."""
    kind = INGREDIENTS[ingredient].kind
    credited = ("credited",) if kind == "sales" and need.person_id is not None else ()
    return (kind, *READS_TOO.get(kind, ()), *credited)


def _not_measured(rule: MetricRule, reason: str) -> MetricResult:
    return MetricResult(rule.code, rule.unit, MetricState.NOT_MEASURABLE, reason=reason)
