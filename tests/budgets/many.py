"""
Rows by the thousand, as copies of those that the two teams have: what long lists are counted on.

Each kind of row is written in one statement, so that a thousand of each cost a few seconds. What is copied is the row
that the acts made, with another key; the laws of the database hold for the copies too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from kamcomp.imports.models import ImportBatch
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.models import Notice
from payouts.choices import ChunkStatus, RunStatus
from payouts.models import (
    Adjustment,
    Dispute,
    Export,
    Payout,
    PayoutLine,
    PlanException,
    Pool,
    ReplayPerson,
    Run,
    RunChunk,
)
from plans.choices import VersionStatus
from plans.models import Acceptance, Assignment, Draft, Replay
from scorecards.models import Metric, Result, Target, Transaction
from teams.choices import AccountStatus, Link, Seat
from teams.models import (
    AccountNode,
    AccountObjective,
    Employment,
    JobRole,
    Membership,
    PayPackage,
    Person,
    PersonDetails,
    StrategicAccount,
)
from tests.payouts.company import ALWAYS, D
from tests.visibility.two_teams import IN_FORCE, TwoTeams

TEXT = {"title": "A plan, version 1", "days": "This year", "sections": []}
FIRST_DAY = date(2000, 1, 1)
Change = Callable[[int], dict[str, Any]]


def copies(row: Model, numbers: range, change: Change) -> list[Any]:
    """Return copies of a row, each with what is changed by its number, written in one statement."""
    model = type(row)
    own = {one.attname: getattr(row, one.attname) for one in model._meta.concrete_fields if not one.generated}
    own.pop(model._meta.pk.attname, None)
    return model._default_manager.bulk_create(model(**own | change(number)) for number in numbers)


def oldest(rows: QuerySet[Any]) -> Any:
    """Return the row that was there first."""
    return rows.order_by("pk")[:1].get()


@dataclass
class Many:
    """The two teams, and how many rows of each kind were put beside them."""

    made: TwoTeams
    so_far: int = 0
    calendar: FiscalCalendar = field(init=False)
    replay: Replay = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = FiscalCalendar.objects.create(code="DAYS", name="Days", frequency=Frequency.MONTH)
        self.replay = replay_of(self.made)

    def grow(self, to: int) -> None:
        """Put so many rows of each kind there."""
        numbers = range(self.so_far, to)
        people = self._people(numbers)
        accounts = self._accounts(numbers, people)
        runs = self._runs(numbers, people)
        self._plans(numbers, people)
        self._pools(numbers, accounts, people)
        self._cases(numbers, people)
        self._facts(numbers, accounts)
        self._desk(numbers, runs)
        self.so_far = to

    @property
    def named(self) -> dict[str, UUID]:
        """Return the objects of addresses that are about one."""
        return {"version": self.made.first.version.pk, "payout": self.made.payouts["sofia"].pk}

    def _people(self, numbers: range) -> list[Person]:
        ingrid = self.made.people["KAM"]
        users = User.objects.bulk_create(
            User(username=f"many{number}", last_name=f"Many {number}") for number in numbers
        )
        RoleGrant.objects.bulk_create(RoleGrant(user=user, role=Role.PAYEE, valid=ALWAYS) for user in users)
        people = Person.objects.bulk_create(
            Person(
                employee_id=f"M{number:05}", user=user, cost_centre=f"C{number % 20}", manager_id=ingrid.pk
            )
            for number, user in zip(numbers, users, strict=True)
        )
        PersonDetails.objects.bulk_create(
            PersonDetails(
                person=person, legal_name=f"Many {person.employee_id}", payroll_number=person.employee_id
            )
            for person in people
        )
        one = self.made.people["sofia"]
        for row in (Employment.objects.get(person=one), PayPackage.objects.get(person=one)):
            copies(row, range(len(people)), lambda number: {"person_id": people[number].pk})
        return people

    def _accounts(self, numbers: range, people: list[Person]) -> list[StrategicAccount]:
        """Make accounts that Ingrid holds, with a member and a seller each."""
        nodes = AccountNode.objects.bulk_create(
            AccountNode(code=f"M{number}", name=f"Many {number:04}", currency="EUR") for number in numbers
        )
        accounts = StrategicAccount.objects.bulk_create(
            StrategicAccount(node=node, programme_start=ALWAYS.lower, plan_currency="EUR") for node in nodes
        )
        role, ingrid = JobRole.objects.get(code="inside_sales"), self.made.people["KAM"]
        manager = JobRole.objects.get(code="key_account_manager")
        Membership.objects.bulk_create(
            Membership(
                account=account,
                person=ingrid,
                role=manager,
                link=Link.DIRECT,
                seat=Seat.KAM,
                dedication=0,
                pool_eligible=False,
                valid=ALWAYS,
            )
            for account in accounts
        )
        Membership.objects.bulk_create(
            Membership(account=account, person=person, role=role, link=Link.MATRIX, valid=ALWAYS)
            for account, person in zip(accounts, people, strict=True)
        )
        StrategicAccount.objects.filter(pk__in=[account.pk for account in accounts]).update(
            status=AccountStatus.ACTIVE
        )
        return accounts

    def _runs(self, numbers: range, people: list[Person]) -> list[Run]:
        """Make a period a day with a current run that pays Sofia, and one run more that pays everybody."""
        periods = Period.objects.bulk_create(
            Period(
                calendar=self.calendar,
                code=f"D{number:04}",
                fiscal_year=2000 + number // 365,
                number=number % 365 + 1,
                days=DateRange(FIRST_DAY + timedelta(days=number), FIRST_DAY + timedelta(days=number + 1)),
                cut_off_on=FIRST_DAY + timedelta(days=number + 9),
                status=PeriodStatus.COLLECTING,
            )
            for number in numbers
        )
        runs = Run.objects.bulk_create(
            Run(
                calendar=self.calendar,
                period=period,
                number=1,
                status=RunStatus.CALCULATING,
                is_current=True,
                started_by=self.made.user("maren"),
                engine_format=1,
                known_at=timezone.now(),
            )
            for period in periods
        )
        chunks = RunChunk.objects.bulk_create(
            RunChunk(
                run=run,
                number=1,
                plan_version=self.made.first.version,
                assignments=[],
                status=ChunkStatus.DONE,
                inputs=b"none",
                people=1,
            )
            for run in runs
        )
        sofia = self.made.people["sofia"]
        self._pay([(run, chunk, sofia) for run, chunk in zip(runs, chunks, strict=True)])
        self._pay([(runs[-1], chunks[-1], person) for person in people])
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(
            status=RunStatus.CALCULATED, result_digest="1" * 64
        )
        return runs

    def _pay(self, whom: list[tuple[Run, RunChunk, Person]]) -> None:
        account = self.made.account
        payouts = Payout.objects.bulk_create(
            Payout(
                run=run,
                chunk=chunk,
                period_id=run.period_id,
                person=person,
                plan_version=self.made.first.version,
                currency="EUR",
                due=D("100.00"),
                amount=D("100.00"),
                target_incentive=D("100.00"),
                input_digest="0" * 64,
            )
            for run, chunk, person in whom
        )
        PayoutLine.objects.bulk_create(
            PayoutLine(
                payout=payout,
                number=1,
                period_id=payout.period_id,
                leaf="REV",
                account=account,
                amount=payout.amount,
            )
            for payout in payouts
        )

    def _plans(self, numbers: range, people: list[Person]) -> None:
        first = self.made.first
        plans = copies(first.plan, numbers, lambda number: {"code": f"M{number}", "name": f"Many {number}"})
        copies(
            first.version,
            range(len(plans)),
            lambda number: {
                "plan_id": plans[number].pk,
                "status": VersionStatus.DRAFT,
                "approved_by_id": None,
                "approved_at": None,
                "published_by_id": None,
                "published_at": None,
            },
        )
        copies(oldest(Draft.objects.all()), numbers, lambda number: {"name": f"Draft {number}"})
        Assignment.objects.bulk_create(
            Assignment(
                person=person,
                plan=first.plan,
                plan_version=first.version,
                account=self.made.account,
                valid=IN_FORCE,
            )
            for person in people
        )
        Acceptance.objects.bulk_create(
            Acceptance(
                version=first.version,
                person=person,
                language="en",
                text=TEXT,
                digest="0" * 64,
                sent_at=timezone.now(),
            )
            for person in people
        )
        ReplayPerson.objects.bulk_create(
            ReplayPerson(
                replay=self.replay,
                person=person,
                currency="EUR",
                target=1,
                paid=1,
                replayed=2,
                difference=1,
                figures={},
            )
            for person in people
        )

    def _pools(self, numbers: range, accounts: list[StrategicAccount], people: list[Person]) -> None:
        pool = Pool.objects.get(account=self.made.account)
        share = oldest(pool.allocations.all())
        ingrid = self.made.people["KAM"]
        pools = copies(
            pool,
            range(len(accounts)),
            lambda number: {"account_id": accounts[number].pk, "allocator_id": ingrid.pk},
        )
        members = dict(Membership.objects.filter(person__in=people).values_list("person_id", "pk"))
        copies(
            share,
            range(len(pools)),
            lambda number: {
                "pool_id": pools[number].pk,
                "person_id": people[number].pk,
                "membership_id": members[people[number].pk],
            },
        )

    def _cases(self, numbers: range, people: list[Person]) -> None:
        sofia = self.made.people["sofia"]
        adjustments = copies(oldest(Adjustment.objects.filter(person=sofia)), numbers, lambda _number: {})
        copies(
            oldest(Dispute.objects.filter(person=sofia)),
            range(len(adjustments)),
            lambda number: {
                "number": 1_000 + numbers[number],
                "payout_id": None,
                "line": None,
                "about_id": adjustments[number].pk,
                "assigned_to_id": None,
            },
        )
        copies(oldest(PlanException.objects.all()), numbers, lambda number: {"number": 1_000 + number})

    def _facts(self, numbers: range, accounts: list[StrategicAccount]) -> None:
        sofia = self.made.people["sofia"]
        copies(
            oldest(Transaction.objects.filter(source_id="KES")),
            numbers,
            lambda number: {"source_id": f"KES-{number}"},
        )
        metric = Metric.objects.get(code="M01")
        copies(metric, numbers, lambda number: {"code": f"XM{number}", "name": f"Many {number}"})
        target = Target.objects.get(node=self.made.account.node, metric=metric)
        copies(target, range(len(accounts)), lambda number: {"node_id": accounts[number].node_id})
        result = oldest(
            Result.objects.filter(node=self.made.account.node, metric=metric, period=self.made.run.period)
        )
        copies(result, range(len(accounts)), lambda number: {"node_id": accounts[number].node_id})
        objective = AccountObjective.objects.get(code="KES-1")
        copies(objective, numbers, lambda number: {"code": f"KES-M{number}", "owner_id": sofia.pk})

    def _desk(self, numbers: range, runs: list[Run]) -> None:
        """Make files read and written, and notices."""
        copies(
            ImportBatch.objects.get(filename="paid.csv"),
            numbers,
            lambda number: {"filename": f"paid{number}.csv", "file_digest": f"{number + 1:064}"},
        )
        copies(oldest(Export.objects.all()), range(len(runs)), lambda number: {"run_id": runs[number].pk})
        Notice.objects.bulk_create(
            Notice(
                user=self.made.user("ingrid"),
                kind=NoticeKind.DISPUTE_ANSWERED,
                key=f"many{number}",
                path="/",
                at=timezone.now(),
                mail_after=timezone.now(),
            )
            for number in numbers
        )


def replay_of(made: TwoTeams) -> Replay:
    """Return a replay of the first version, with nobody in it yet."""
    return Replay.objects.create(
        version=made.first.version,
        version_digest=made.first.version.digest,
        at=timezone.now(),
        periods=["2026-Q1"],
        people_of=[made.first.plan.code],
        people=0,
        currency="EUR",
        paid=0,
        replayed=0,
        pools_paid=0,
        pools_replayed=0,
        figures={"periods": {}, "leaves": {}, "pools": {}},
        problems=[],
        input_digest="0" * 64,
        result_digest="0" * 64,
    )
