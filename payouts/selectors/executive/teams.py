"""Who gets it: the pools' direct and matrix share, and each team's pay against its performance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, Sum

from kamcomp import money
from kamcomp.calendar.models import Period
from payouts.choices import LineKind, PoolStatus
from payouts.models import Allocation, PayoutLine, Pool, Run
from payouts.selectors.executive.costs import GROUND, LEFT, TOP, WIDTH
from payouts.selectors.executive.figures import FEWEST, Shares, TeamPoint, over
from teams.choices import Link
from teams.models import Membership

ZERO = Decimal(0)


def pool_shares(*, run: Run, currency: str) -> Shares:
    """Return how a run's pools go to direct and matrix members; decided amounts where a pool is approved."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    people: dict[str, int] = defaultdict(int)
    rows = Allocation.objects.filter(pool__run=run, pool__currency=currency, eligible=True).order_by()
    for link, status, count, guideline, amount in rows.values_list("link", "pool__status").annotate(
        a=Count("person", distinct=True), b=Sum("guideline"), c=Sum("amount")
    ):
        people[link] += count
        sums[link] += (amount or ZERO) if status == PoolStatus.APPROVED else guideline
    whole = sum(sums.values(), ZERO)
    small = any(0 < count < FEWEST for count in people.values())
    return Shares(
        direct=None if small else over(sums[Link.DIRECT], whole),
        matrix=None if small else over(sums[Link.MATRIX], whole),
        people=sum(people.values()),
    )


def team_sizes(*, accounts: Collection[UUID], periods: Sequence[Period]) -> dict[UUID, dict[UUID, int]]:
    """Return, by period, how many people are on each account's team on the period's last day; at most one query."""
    if not periods:
        return {}
    counts = {
        f"people_{place}": Count("person", distinct=True, filter=Q(valid__contains=each.span.last))
        for place, each in enumerate(periods)
    }
    sizes: dict[UUID, dict[UUID, int]] = {each.pk: {} for each in periods}
    rows = Membership.objects.filter(account__in=accounts).order_by().values_list("account_id")
    for account_id, *found in rows.annotate(**counts):
        for period, people in zip(periods, found, strict=True):
            sizes[period.pk][account_id] = people
    return sizes


def team_points(
    *, run: Run, currency: str, people: Mapping[UUID, int], names: Mapping[UUID, str]
) -> tuple[list[TeamPoint], int]:
    """Return each team's performance and pay against target, and how many teams are too small to show."""
    goals = PayoutLine.objects.filter(
        payout__run=run, payout__currency=currency, kind=LineKind.LEAF, account__isnull=False,
        attainment__isnull=False, weight__gt=0,
    )  # fmt: skip
    weighed: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for account_id, weight, attainment in goals.values_list("account_id", "weight", "attainment"):
        if account_id is None or weight is None or attainment is None:
            continue
        both = weighed[account_id]
        both[0], both[1] = both[0] + weight * attainment, both[1] + weight
    paid = _team_pay(run=run, currency=currency)
    points, hidden = [], 0
    for account_id, (sum_weighed, weight) in weighed.items():
        ratio = over(*paid.get(account_id, (ZERO, ZERO)))
        if ratio is None:
            continue
        if people.get(account_id, 0) < FEWEST:
            hidden += 1
            continue
        points.append(
            TeamPoint(
                name=names[account_id],
                people=people[account_id],
                attainment=money.CONTEXT.divide(sum_weighed, weight),
                paid=ratio,
            )
        )
    return _points_placed(sorted(points, key=lambda point: point.name)), hidden


def _team_pay(*, run: Run, currency: str) -> dict[UUID, tuple[Decimal, Decimal]]:
    """Return what each account's payees and pool are paid, and what they would be at target."""
    paid: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    lines = PayoutLine.objects.filter(payout__run=run, payout__currency=currency, account__isnull=False)
    targets: dict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    rows = lines.order_by().values_list("account_id", "payout_id", "payout__target_incentive")
    for account_id, payout_id, target, amount in rows.annotate(total=Sum("amount")):
        paid[account_id][0] += amount
        targets[payout_id][account_id] = target
    for of_payout in targets.values():
        # A payout for several accounts is at target the same part of each.
        for account_id, target in of_payout.items():
            paid[account_id][1] += money.CONTEXT.divide(target, Decimal(len(of_payout)))
    pools = Pool.objects.filter(run=run, currency=currency).values_list(
        "account_id", "funded", "target_amount"
    )
    for account_id, funded, target in pools:
        paid[account_id][0] += funded or ZERO
        paid[account_id][1] += target
    return {account_id: (both[0], both[1]) for account_id, both in paid.items()}


def _points_placed(points: Sequence[TeamPoint]) -> list[TeamPoint]:
    """Return the teams with their place in the chart, which goes from 50 % to 150 % both ways."""
    return [
        TeamPoint(
            name=point.name,
            people=point.people,
            attainment=point.attainment,
            paid=point.paid,
            x=LEFT + _along(point.attainment, WIDTH - LEFT - 10),
            y=GROUND - _along(point.paid, GROUND - TOP),
        )
        for point in points
    ]


def _along(ratio: Decimal, length: int) -> int:
    return int(min(max(ratio - Decimal("0.5"), ZERO), Decimal(1)) * length)
