"""
A run as its console shows it: stages, totals, teams, what changed and why, what waits for whom.

Progress is counted from the tables, so a reload, a second tab and the command line read the
same. Who may see single payouts is decided by the caller.
States: docs/reference/states.md, "Run".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Sum, TextField
from django.db.models.functions import Cast

from kamcomp import money
from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Finding
from kamcomp.sentences import Word
from kamcomp.visibility import Viewer, visible
from payouts.choices import PoolStatus, ReviewOutcome, RunStatus
from payouts.models import AccountReview, Payout, PayoutLine, Pool, Run, RunProblem
from payouts.selectors.runs import RunProgress, run_progress
from scorecards.models import Metric
from teams.choices import Seat
from teams.models import Membership, Person, StrategicAccount

ZERO = Decimal(0)
RUN_TABLE, POOL_TABLE, PAYOUT_TABLE = "payouts_run", "payouts_pool", "payouts_payout"
BAR = 100
COMPUTED = (RunStatus.CALCULATED, RunStatus.WITH_ERRORS, RunStatus.FAILED)
UNDER_REVIEW = (RunStatus.REVIEWED, RunStatus.ALLOCATING)
APPROVED = (RunStatus.APPROVED, RunStatus.LOCKED)
PROBLEMS_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage: `done` of 100, and its tone: done, way, waits, wrong, or "" for what has not begun."""

    name: str
    done: int
    tone: str


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What a run comes to in one currency."""

    currency: str
    incentive: Decimal
    pools: Decimal
    target: Decimal
    before: Decimal | None

    @property
    def total(self) -> Decimal:
        """Return payouts and pools together."""
        return self.incentive + self.pools

    @property
    def ratio(self) -> Decimal | None:
        """Return the payouts against their target."""
        return money.CONTEXT.divide(self.incentive, self.target) if self.target else None

    @property
    def difference(self) -> Decimal | None:
        """Return the payouts less those of the run before."""
        return None if self.before is None else self.incentive - self.before


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """One account in a run: its KAM, their word, what its lines pay, its pool."""

    account: StrategicAccount
    kam: str
    outcome: str
    reason: str
    settled: bool
    amount: Decimal | None
    currency: str
    pool: Pool | None


@dataclass(frozen=True, kw_only=True)
class Console:
    """Everything the console shows of one run."""

    run: Run
    progress: RunProgress
    before: Run | None
    stages: Sequence[Stage]
    sums: Sequence[Sums]
    teams: Sequence[TeamRow]
    problems: Sequence[RunProblem]
    findings: Sequence[Finding]
    seen: int

    @property
    def is_running(self) -> bool:
        """Tell whether workers are at it."""
        return not self.progress.ended

    @property
    def open_count(self) -> int:
        """Return how many findings and problems are open."""
        return len(self.findings) + len(self.problems)

    @property
    def percent(self) -> int:
        """Return how much of the people is done, of 100."""
        return self.progress.people_done * 100 // self.progress.people if self.progress.people else 0

    @property
    def pools_open(self) -> int:
        """Return how many pools are not approved yet."""
        pools = [team.pool for team in self.teams if team.pool is not None]
        return sum(1 for pool in pools if pool.status != PoolStatus.APPROVED)


def run_console(*, run: Run, viewer: Viewer) -> Console:
    """
    Return a run's console, in a number of queries that does not grow with people or accounts.

    Findings about somebody's pay are those of payouts that the viewer may see.
    """
    progress = run_progress(run_id=run.pk)
    before = Run.objects.filter(period_id=run.period_id, number__lt=run.number).order_by("-number").first()
    teams = _teams(run)
    problems = list(
        RunProblem.objects.filter(run=run).select_related("person__details").order_by("id")[:PROBLEMS_SHOWN]
    )
    findings = _findings(run, pools=[team.pool for team in teams if team.pool is not None], viewer=viewer)
    return Console(
        run=run,
        progress=progress,
        before=before,
        stages=_stages(run, progress=progress, teams=teams, open_findings=len(findings) + len(problems)),
        sums=_sums(run, before=before, teams=teams),
        teams=teams,
        problems=problems,
        findings=findings,
        seen=sum(1 for team in teams if team.outcome),
    )


def people_names(*, employee_ids: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Return person id and name by employee id."""
    people = Person.objects.filter(employee_id__in=set(employee_ids)).select_related("details")
    return {person.employee_id: (person.pk, _name(person)) for person in people}


def fact_names() -> dict[str, str]:
    """Return what metrics and accounts are called, by their codes: the library's metrics in each reader's language."""
    metrics: dict[str, str] = {code: Word(name) for code, name in Metric.objects.values_list("code", "name")}
    return metrics | dict(StrategicAccount.objects.values_list("node__code", "node__name"))


def _name(person: Person) -> str:
    details = getattr(person, "details", None)
    return str(details) if details is not None else person.employee_id


def _stages(run: Run, *, progress: RunProgress, teams: Sequence[TeamRow], open_findings: int) -> list[Stage]:
    status, calculated = run.status, progress.ended and run.status != RunStatus.FAILED
    percent = progress.people_done * 100 // progress.people if progress.people else 0
    reviewed = status in (*UNDER_REVIEW, *APPROVED)
    wrong = status in (RunStatus.FAILED, RunStatus.WITH_ERRORS)
    approval = 100 if status in APPROVED else 50 if reviewed else 0
    return [
        Stage(name="results", done=100, tone="done"),
        Stage(
            name="calculated",
            done=100 if calculated else percent,
            tone="wrong" if wrong else "done" if calculated else "way",
        ),
        Stage(
            name="checked",
            done=100 if reviewed else _part(teams) if calculated else 0,
            tone="done" if reviewed else ("waits" if open_findings else "way") if calculated else "",
        ),
        Stage(name="approval", done=approval, tone="done" if approval == 100 else "way" if approval else ""),
        Stage(
            name="final",
            done=100 if status == RunStatus.LOCKED else 0,
            tone="done" if status == RunStatus.LOCKED else "",
        ),
    ]


def _part(teams: Sequence[TeamRow]) -> int:
    return sum(1 for team in teams if team.outcome) * BAR // len(teams) if teams else BAR


def _sums(run: Run, *, before: Run | None, teams: Sequence[TeamRow]) -> list[Sums]:
    rows = {
        row["currency"]: row
        for row in Payout.objects.filter(run=run)
        .values("currency")
        .annotate(amount=Sum("amount"), target=Sum("target_incentive"))
        .order_by()
    }
    pools: dict[str, Decimal] = defaultdict(Decimal)
    for team in teams:
        if team.pool is not None:
            pools[team.pool.currency] += team.pool.funded or ZERO
    old = {} if before is None else {currency: Decimal(total) for currency, total in before.totals.items()}
    return [
        Sums(
            currency=currency,
            incentive=rows[currency]["amount"] if currency in rows else ZERO,
            pools=pools.get(currency, ZERO),
            target=rows[currency]["target"] if currency in rows else ZERO,
            before=old.get(currency, ZERO) if old else None,
        )
        for currency in sorted({*rows, *pools})
    ]


def _teams(run: Run) -> list[TeamRow]:
    amounts: Mapping[UUID, Decimal] = dict(
        PayoutLine.objects.filter(payout__run=run, account__isnull=False)
        .order_by()
        .values_list("account_id")
        .annotate(total=Sum("amount"))
    )
    pools = {pool.account_id: pool for pool in Pool.objects.filter(run=run)}
    reviews = {review.account_id: review for review in AccountReview.objects.filter(run=run)}
    accounts = StrategicAccount.objects.filter(pk__in={*amounts, *pools, *reviews}).select_related("node")
    last_day = run.period.days.upper - timedelta(days=1)
    kams = {
        seat.account_id: _name(seat.person)
        for seat in Membership.objects.filter(
            account__in=list(accounts), seat=Seat.KAM, valid__contains=last_day
        ).select_related("person__details")
    }
    return [
        _team(account, kam=kams.get(account.pk, ""), review=reviews.get(account.pk), pool=pools.get(account.pk),
              amount=amounts.get(account.pk))
        for account in accounts.order_by("node__name")
    ]  # fmt: skip


def _team(
    account: StrategicAccount,
    *,
    kam: str,
    review: AccountReview | None,
    pool: Pool | None,
    amount: Decimal | None,
) -> TeamRow:
    return TeamRow(
        account=account,
        kam=kam,
        outcome=review.outcome if review else "",
        reason=review.reason if review and review.outcome == ReviewOutcome.OBJECTED else "",
        settled=bool(review and review.settled_at),
        amount=amount,
        currency=account.plan_currency,
        pool=pool,
    )


def _findings(run: Run, *, pools: Sequence[Pool], viewer: Viewer) -> list[Finding]:
    subjects = Finding.objects.filter(status=FindingStatus.OPEN).order_by("found_at")
    of_run = subjects.filter(subject_table=RUN_TABLE, subject_id=str(run.pk))
    of_pools = Q(subject_table=POOL_TABLE, subject_id__in=[str(pool.pk) for pool in pools])
    payouts = visible(Payout.objects.filter(run=run), to=viewer).annotate(key=Cast("pk", TextField()))
    of_payouts = Q(subject_table=PAYOUT_TABLE, subject_id__in=payouts.order_by().values("key"))
    return [*of_run, *subjects.filter(of_pools | of_payouts)]
