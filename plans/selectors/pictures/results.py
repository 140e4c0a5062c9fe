"""Targets and past results: read beside a plan document, each table once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, Sum

from plans.checks.facts import (
    AccountFacts,
    BulgeFacts,
    CascadeFacts,
    MetricFacts,
)
from plans.selectors.pictures.settings import (
    EXPECTED_ROLES,
    PAST_PERIODS,
)
from plans.selectors.pictures.teams import TeamReads, long_emphasis
from scorecards.choices import MetricSource, MetricStatus, Window
from scorecards.engine.library import LIBRARY
from scorecards.models import Metric, Result, SatisfactionWave, Target
from scorecards.selectors.bulges import BULGE_PERIODS, bulges_of
from teams.models import Membership, StrategicAccount

_SURVEYED = {code for code, rule in LIBRARY.items() if rule.source == "survey_responses"}


class PastResult(NamedTuple):
    """What an account achieved in a closed period: of which node, and of a survey how many answered."""

    node_id: UUID
    value: Decimal | None
    sample: int | None


class ResultReads(TeamReads):
    """What was agreed for the version's days, and what was achieved before."""

    @cached_property
    def targets(self) -> list[tuple[UUID | None, UUID | None, str, Decimal]]:
        """
        Return what is agreed in the version's days for the accounts and for those on the plan.

        Each is an account node or a person, a metric's code, and the sum of the targets; one row for each of them.
        """
        people = [one.person_id for one in self.assignments]
        rows = Target.objects.current().filter(
            Q(node__in=self.node_ids) | Q(person__in=people), days__overlap=self.version.valid, segment=None
        )
        sums = rows.order_by().values("node_id", "person_id", "metric__code").annotate(agreed=Sum("value"))
        return list(sums.values_list("node_id", "person_id", "metric__code", "agreed"))

    @cached_property
    def node_targets(self) -> Mapping[UUID, Mapping[str, Decimal]]:
        """Return the targets of each account node, by metric."""
        return _by_metric((node, metric, agreed) for node, _person, metric, agreed in self.targets)

    @cached_property
    def person_targets(self) -> Mapping[UUID, Mapping[str, Decimal]]:
        """Return the targets of each person, by metric."""
        return _by_metric((person, metric, agreed) for _node, person, metric, agreed in self.targets)

    @cached_property
    def cascades(self) -> Mapping[UUID, tuple[CascadeFacts, ...]]:
        """Return by account the metrics of which it and its people have targets."""
        return {
            account.pk: tuple(self._cascade(account, self.memberships.get(account.pk, ())))
            for account in self.strategic_accounts
        }

    def _cascade(self, account: StrategicAccount, rows: Iterable[Membership]) -> Iterator[CascadeFacts]:
        whole = self.node_targets.get(account.node_id, {})
        parts: dict[str, Decimal] = defaultdict(Decimal)
        for person_id in dict.fromkeys(row.person_id for row in rows):
            for metric, agreed in self.person_targets.get(person_id, {}).items():
                parts[metric] += agreed
        for metric, individuals in sorted(parts.items()):
            if metric in whole:
                yield CascadeFacts(metric=metric, account=whole[metric], individuals=individuals)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return the metrics the document reads."""
        codes = {metric for placed in self.own.leaves for metric in placed.metrics}
        codes |= {branch.gate.metric for _, branch in self.own.branches if branch.gate}
        return frozenset(codes | {placed.leaf.gate.metric for placed in self.own.leaves if placed.leaf.gate})

    @cached_property
    def metric_rows(self) -> list[Metric]:
        return list(Metric.objects.filter(code__in=self.codes).exclude(status=MetricStatus.RETIRED))

    @cached_property
    def metrics(self) -> Mapping[str, MetricFacts]:
        """Return what is known of each metric the document reads."""
        results, rates = self.past_results, self.response_rate
        found = {}
        for row in self.metric_rows:
            past = results.get(row.code, {})
            found[row.code] = MetricFacts(
                direction=row.direction,
                perspective=row.perspective,
                has_source=row.source == MetricSource.EXTERNAL or row.code in LIBRARY,
                alignment=row.alignment,
                controllability=row.controllability,
                latency_days=row.latency_days,
                missing_lately=self.missing_lately(past),
                answers=min(
                    (one.sample for ones in past.values() for one in ones if one.sample), default=None
                ),
                response_rate=rates,
                past=self.attainments(row.code, past),
            )
        return found

    @cached_property
    def past_results(self) -> Mapping[str, Mapping[UUID, list[PastResult]]]:
        """Return the accounts' results of the last closed periods, by metric and period."""
        rows = Result.objects.current().filter(
            metric__code__in=self.codes, node__in=self.node_ids, segment=None, window=Window.PERIOD,
            period__in=self.closed[-PAST_PERIODS:],
        )  # fmt: skip
        found: dict[str, dict[UUID, list[PastResult]]] = defaultdict(lambda: defaultdict(list))
        named = rows.order_by().values_list("metric__code", "period_id", "node_id", "value", "sample")
        for metric, period_id, node_id, value, sample in named:
            found[metric][period_id].append(PastResult(node_id, value, sample))
        return found

    def missing_lately(self, past: Mapping[UUID, Sequence[PastResult]]) -> int | None:
        lately = self.closed[-2:]
        if len(lately) < 2 or not past:
            return None
        return sum(
            1 for period in lately if not any(one.value is not None for one in past.get(period.pk, ()))
        )

    @cached_property
    def past_targets(self) -> Mapping[tuple[str, UUID, date, date], Decimal]:
        """Return what the accounts had agreed for the last closed periods, by metric, node and days."""
        periods = self.closed[-PAST_PERIODS:]
        if not periods:
            return {}
        rows = Target.objects.current().filter(
            node__in=self.node_ids, segment=None, metric__code__in=self.codes,
            days__startswith__gte=periods[0].days.lower, days__endswith__lte=periods[-1].days.upper,
        )  # fmt: skip
        named = rows.values_list("metric__code", "node_id", "days__startswith", "days__endswith", "value")
        return {(code, node, since, until): value for code, node, since, until, value in named}

    def attainments(self, code: str, past: Mapping[UUID, Sequence[PastResult]]) -> tuple[Decimal, ...] | None:
        found = []
        for period in self.closed[-PAST_PERIODS:]:
            for result in past.get(period.pk, ()):
                target = self.past_targets.get((code, result.node_id, period.days.lower, period.days.upper))
                if result.value is not None and target and target > 0:
                    found.append(result.value / target)
        return tuple(found) or None

    @cached_property
    def response_rate(self) -> Decimal | None:
        if not self.codes & _SURVEYED:
            return None
        waves = SatisfactionWave.objects.current().filter(node__in=self.node_ids).order_by("-days")[:50]
        rates = [Decimal(wave.responded) / wave.invited for wave in waves if wave.invited]
        return min(rates, default=None)

    def long_emphasis(self, account: StrategicAccount) -> Decimal | None:
        """Return the emphasis on the long run: as the account says, or else by its objectives' horizons."""
        if account.long_emphasis is not None:
            return account.long_emphasis
        return long_emphasis(objectives=self.objectives.get(account.pk, ()))

    def account(self, account: StrategicAccount) -> AccountFacts:
        rows = self.memberships.get(account.pk, [])
        expected = self.settings.get(EXPECTED_ROLES)
        return AccountFacts(
            code=account.node.code,
            strategy=account.strategy,
            horizon_months=account.horizon_months,
            long_emphasis=self.long_emphasis(account),
            cycle_months=_counted(account.cycle_months),
            opportunities_a_year=_counted(account.opportunities_a_year),
            has_pnl=account.node_id in self.pnl_nodes,
            members=tuple(self.member(row) for row in rows),
            objectives=self.objectives.get(account.pk, ()),
            expected_roles=tuple(expected.get(account.tier, ())) if isinstance(expected, dict) else None,
            cascade=self.cascades[account.pk],
            wallet=self.wallets.get(account.node_id),
            bulges=self.bulges.get(account.node_id, ()),
        )

    @cached_property
    def bulges(self) -> Mapping[UUID, tuple[BulgeFacts, ...]]:
        """Return how the last closed periods ended, by account node."""
        found = bulges_of(nodes=self.node_ids, periods=self.closed[-BULGE_PERIODS:])
        return {
            node: tuple(
                BulgeFacts(
                    period=one.period, last_over_mean=one.last_over_mean, reversed_next=one.reversed_next
                )
                for one in bulges
            )
            for node, bulges in found.items()
        }


def _by_metric(rows: Iterable[tuple[UUID | None, str, Decimal]]) -> Mapping[UUID, Mapping[str, Decimal]]:
    found: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for key, metric, agreed in rows:
        if key is not None:
            found[key][metric] = agreed
    return found


def _counted(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
