"""
What happened at Halden Components, act by act, through the ordinary services.

Four quarters are run, reviewed, allocated, approved and locked. The fifth was run
twice: in between, a controller corrected a margin, an invoice booked twice was taken
back, and an invoice of the quarter before came late. It waits with the key account
managers, who are allocating their pools. A draft for 2027 waits for its approval, a dispute for its answer (`cases`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.calendar.services import calendar_make, periods_advance, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from kamcomp.imports.services import import_commit
from kamcomp.policy.services import setting_put
from kamcomp.refusal import Refusal
from payouts.choices import RunStatus
from payouts.demo import care, company, files, representatives
from payouts.demo.cases import acceptances_told, disputes_told, exceptions_told
from payouts.demo.deals import ACCOUNT_MANAGERS, DEALS, account_manager_plan
from payouts.demo.figures import QUARTERS
from payouts.models import Adjustment, Allocation, Pool, Run
from payouts.selectors.simulations import Subject, asked_usually, ground_of
from payouts.services.adjustments import adjustment_approve, adjustment_reject
from payouts.services.allocations import allocation_guideline, allocation_save, allocation_submit
from payouts.services.approvals import run_approve
from payouts.services.late_facts import late_facts
from payouts.services.locks import run_lock
from payouts.services.pools import pool_approve
from payouts.services.reviews import review_confirm, run_review
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.scenarios import scenario_keep
from payouts.services.windows import period_window_move
from plans.choices import ApprovalStep
from plans.models import Plan
from plans.selectors.approvals import STEPS_SETTING
from plans.selectors.pictures.settings import ACCOUNT_MANAGER_PLAN
from plans.services import assignment_make, plan_make, version_approve, version_draft, version_publish
from scorecards.selectors.needs import ResultNeed
from scorecards.services import results_compute
from teams.models import Person, StrategicAccount
from teams.services import person_user_set
from teams.services.programme import account_programme_put

CALENDAR = "FY"
CLOSED, OPEN = QUARTERS[:-1], QUARTERS[-1]
SETTINGS = {"metrics.satisfaction_best": "10", "metrics.satisfaction_top_from": "9"}

LEADER, LEADER_ID = "Anders Vik", "HC-0001"
"""He leads the key account managers, and rates their objectives."""

MERIDIAN_SO_FAR = {
    "Tomasz Wieczorek": "3160.00",
    "Priya Nair": "3950.00",
    "Lukas Brandt": "2300.00",
    "Amara Okafor": "2950.00",
}
MERIDIAN_REASONS = {"Amara Okafor": "Ran the cut-over desk in August"}

WINDOW_DAYS = 14
APPROVED_BY = (ApprovalStep.OPERATIONS, ApprovalStep.FINANCE, ApprovalStep.HR_LEGAL)
FIRST_LOOK = "Before it paid anybody"

Say = Callable[[str], None]


class StoryBroken(Refusal):
    """A run of the demo company did not end as its figures say."""


def told(*, say: Say, at: datetime) -> None:
    """Tell the whole story into an empty database; `say` hears each chapter's name, `at` is when it is told."""
    story = Story()
    say("people, accounts and plans")
    story.begin()
    for quarter in CLOSED:
        say(f"the quarter {quarter}: results, run, pools, lock")
        story.quarter_close(quarter)
    say("what the regional representatives sold")
    story.representatives_paid()
    say(f"the quarter {OPEN}: two runs, and the pools with the key account managers")
    story.quarter_open()
    say("disputes, exceptions and signatures")
    now = max(at, moment(date(2026, 10, 15)))
    disputes_told(period=story.period(OPEN), users=story.users, at=now)
    exceptions_told(period=story.period(OPEN), users=story.users, at=now)
    acceptances_told(plan=company.GROWTH, users=story.users, at=now)
    story.window_kept_open(at=at)


def moment(day: date, hour: int = 9) -> datetime:
    """Return an hour of a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


class Story:
    """The acts, with who does them."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}

    @property
    def maren(self) -> User:
        return self.users["maren.holt"]

    @property
    def anders(self) -> User:
        return self.users["anders.vik"]

    @property
    def jonas(self) -> User:
        return self.users["jonas.berg"]

    # The company ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make users, calendar, settings, master data, plans and assignments."""
        begun = company.FOUNDED - timedelta(days=30)
        self.users_make(since=begun)
        calendar = calendar_make(
            code=CALENDAR,
            name="Fiscal quarters",
            frequency=Frequency.QUARTER,
            periods=regular_periods(first_day=date(2025, 1, 1), frequency=Frequency.QUARTER, years=3),
            by=self.maren,
        )
        for key, value in SETTINGS.items():
            setting_put(
                key=key,
                value=value,
                since=begun,
                reason="Our surveys ask for 0 to 10",
                by=self.maren,
                at=moment(begun),
            )
        setting_put(
            key=STEPS_SETTING, value=[step.value for step in APPROVED_BY], since=date(2026, 10, 1),
            reason="From 2027 on nobody publishes a plan without finance and HR", by=self.maren,
            at=moment(date(2026, 9, 28)),
        )  # fmt: skip
        masters = [*files.master_files(), *representatives.representative_files(), files.history_file()]
        self.take_in(masters, at=moment(begun))
        self.users_link()
        self.take_in(care.care_files(), at=moment(date(2026, 10, 1)), by=self.users["sigrid.moe"])
        self.buying_said(at=moment(date(2026, 10, 1), 11))
        self.plans_publish(calendar=calendar)
        self.people_assign()

    def users_make(self, *, since: date) -> None:
        payees = (
            [account.manager for account in company.ACCOUNTS],
            [*(one.name for one in company.supporters()), *representatives.representative_ids()],
        )
        wanted = [(persona.username, persona.name, persona.roles) for persona in company.PERSONAS]
        for names, roles in zip(payees, ((Role.KAM, Role.PAYEE), (Role.PAYEE,)), strict=True):
            wanted += [(company.username(name), name, roles) for name in names]
        for username, name, roles in wanted:
            first, _, last = name.partition(" ")
            self.users[username] = user_make(
                username=username,
                email=f"{username}@halden.example",
                first_name=first,
                last_name=last,
                roles=list(roles),
                since=since,
                by=self.users.get("maren.holt"),
            )

    def users_link(self) -> None:
        people = {person.employee_id: person for person in Person.objects.all()}
        known = {**company.employee_ids(), **representatives.representative_ids(), LEADER: LEADER_ID}
        for name, employee_id in known.items():
            user = self.users[company.username(name)]
            person_user_set(person=people[employee_id], user=user, by=self.maren)

    def buying_said(self, *, at: datetime) -> None:
        """Say of every account how its customer buys, and how much of its programme is for the long run."""
        for account in company.ACCOUNTS:
            long_run, cycle, deals = company.BUYING_OTHERWISE.get(account.code, company.BUYING[account.plan])
            account_programme_put(
                account_id=StrategicAccount.objects.get(node__code=account.code).pk, seen=None, by=self.maren, at=at,
                values={
                    "long_emphasis": Decimal(long_run), "cycle_months": cycle, "opportunities_a_year": deals,
                },
            )  # fmt: skip

    def plans_publish(self, *, calendar: FiscalCalendar) -> None:
        """Publish each plan for 2025 and 2026 in time, and leave the growth plan of 2027 as a draft."""
        for code, document_of in DEALS.items():
            document = document_of(year=2026)
            plan = plan_make(
                code=code,
                name=document["name"].removesuffix(" 2026"),
                plan_type=document["type"],
                calendar=calendar,
                by=self.maren,
            )
            self.version_publish(plan, document_of(year=2025, first_day="2025-07-01"), date(2025, 6, 12))
            self.version_publish(plan, document, date(2025, 12, 9))
        self.account_managers_plan_publish(calendar=calendar)
        growth = Plan.objects.get(code=company.GROWTH)
        version_draft(
            plan=growth,
            document=DEALS[company.GROWTH](year=2027),
            by=self.maren,
            at=moment(date(2026, 10, 5)),
        )

    def account_managers_plan_publish(self, *, calendar: FiscalCalendar) -> None:
        """Publish the account managers' plan, of whom none is paid here, and name it to be laid beside others."""
        document = account_manager_plan(year=2026)
        plan = plan_make(
            code=ACCOUNT_MANAGERS,
            name=document["name"].removesuffix(" 2026"),
            plan_type=document["type"],
            calendar=calendar,
            by=self.maren,
        )
        self.version_publish(plan, document, date(2025, 12, 10))
        setting_put(
            key=ACCOUNT_MANAGER_PLAN, value=ACCOUNT_MANAGERS, since=date(2026, 1, 1),
            reason="Key account plans are laid beside it", by=self.maren, at=moment(date(2025, 12, 11)),
        )  # fmt: skip

    def version_publish(self, plan: Plan, document: dict[str, object], on: date) -> None:
        version = version_draft(plan=plan, document=document, by=self.maren, at=moment(on))
        if version.document["incentive"]["children"]:  # there is no past to replay yet
            ground = ground_of(subject=Subject(version=version))
            scenario_keep(
                ground=ground, asked=asked_usually(ground=ground, draws=200), said={"draws": "200"},
                name=FIRST_LOOK, by=self.maren, at=moment(on, 11),
            )  # fmt: skip
        version_approve(version_id=version.pk, by=self.anders, at=moment(on, 14))
        version_publish(version_id=version.pk, by=self.maren, at=moment(on, 16))

    def people_assign(self) -> None:
        """Put each key account manager on the plan of their account."""
        ids = company.employee_ids()
        for account in company.ACCOUNTS:
            assignment_make(
                person=Person.objects.get(employee_id=ids[account.manager]),
                plan=Plan.objects.get(code=account.plan),
                account=StrategicAccount.objects.get(node__code=account.code),
                since=company.FOUNDED,
                by=self.maren,
            )

    # A quarter --------------------------------------------------------------------------------------------

    def take_in(self, demo_files: Iterable[files.DemoFile], *, at: datetime, by: User | None = None) -> None:
        for file in demo_files:
            import_commit(
                kind=file.kind,
                content=file.text.encode(),
                filename=file.filename,
                source="halden",
                by=by or self.maren,
                at=at,
            )

    def quarter_close(self, quarter: str) -> None:
        """Take a closed quarter from its targets to its locked books."""
        after = files.quarter_over(quarter)
        run = self.quarter_run(quarter)
        self.run_reviewed(run, on=after + timedelta(days=8))
        for pool in Pool.objects.filter(period=run.period).select_related("allocator__user"):
            self.pool_by_guideline(pool, on=after + timedelta(days=11))
        run_approve(run_id=run.pk, by=self.jonas, at=moment(after + timedelta(days=13)))
        run_lock(run_id=run.pk, by=self.jonas, at=moment(after + timedelta(days=13), 11))

    def quarter_run(self, quarter: str) -> Run:
        """Take in a quarter's targets and results, and compute it."""
        begun, over = files.quarter_span(quarter).since, files.quarter_over(quarter)
        self.take_in([files.targets_file(quarter)], at=moment(begun - timedelta(days=14)))
        periods_advance(on=over)
        self.take_in(files.result_files(quarter), at=moment(over + timedelta(days=6)))
        self.objectives_measured(quarter, at=moment(over + timedelta(days=6), 12))
        return self.computed(quarter, on=over + timedelta(days=7))

    def objectives_measured(self, quarter: str, *, at: datetime) -> None:
        """Measure everybody's objectives, also of those whose plan does not pay them yet: the next one may."""
        ids = company.employee_ids()
        managers = [ids[account.manager] for account in company.ACCOUNTS]
        people = Person.objects.filter(employee_id__in=managers).values_list("pk", flat=True)
        needed = [ResultNeed(metric="M21", person_id=person_id) for person_id in people]
        results_compute(period=self.period(quarter), needed=needed, by=self.maren, at=at)

    def period(self, code: str) -> Period:
        return Period.objects.get(calendar__code=CALENDAR, code=code)

    def computed(self, quarter: str, *, on: date) -> Run:
        return self.period_computed(self.period(quarter), on=on)

    def period_computed(self, period: Period, *, on: date) -> Run:
        run = run_request(period=period, by=self.maren, at=moment(on, 6))
        run_look(run_id=run.pk)
        run.refresh_from_db()
        if run.status != RunStatus.CALCULATED:
            problems = "; ".join(run.problems.values_list("message", flat=True)[:3])
            raise StoryBroken(f"The run {run} is {run.get_status_display().lower()}: {run.error} {problems}")
        return run

    def run_reviewed(self, run: Run, *, on: date) -> None:
        """Let every key account manager confirm, then review: results and pools are fixed."""
        for account in company.ACCOUNTS:
            review_confirm(
                run_id=run.pk,
                account_id=StrategicAccount.objects.get(node__code=account.code).pk,
                by=self.users[company.username(account.manager)],
                at=moment(on, 10),
            )
        run_review(run_id=run.pk, by=self.anders, at=moment(on, 15))

    def pool_by_guideline(self, pool: Pool, *, on: date) -> None:
        manager = pool.allocator.user if pool.allocator else None
        if manager is None:
            raise StoryBroken(f"Nobody who can sign in allocates the pool of {pool}.")
        allocation_guideline(pool_id=pool.pk, version=pool.version, by=manager, at=moment(on))
        pool.refresh_from_db()
        allocation_submit(pool_id=pool.pk, version=pool.version, by=manager, at=moment(on, 10))
        pool_approve(pool_id=pool.pk, by=self.anders, at=moment(on, 15))

    # The regional representatives --------------------------------------------------------------------------

    def representatives_paid(self) -> None:
        """Put the representatives on their commission, and take both halves of their year to closed books."""
        calendar = calendar_make(
            code=representatives.CALENDAR,
            name="Regional sales, half years",
            frequency=Frequency.HALF_YEAR,
            periods=representatives.half_years(),
            by=self.maren,
        )
        document = representatives.commission_plan()
        plan = plan_make(
            code=representatives.PLAN,
            name=document["name"],
            plan_type=document["type"],
            calendar=calendar,
            by=self.maren,
        )
        self.version_publish(plan, document, date(2025, 6, 12))
        ids = representatives.representative_ids()
        for rep in representatives.REPRESENTATIVES:
            assignment_make(
                person=Person.objects.get(employee_id=ids[rep.name]),
                plan=plan,
                since=company.FOUNDED,
                parameters={"rate": rep.rate},
                by=self.maren,
            )
        credited = [representatives.credits_file(quarter) for quarter in CLOSED]
        self.take_in(credited, at=moment(files.quarter_over(CLOSED[-1]) + timedelta(days=6)))
        for period in Period.objects.filter(calendar=calendar).order_by("days"):
            self.half_year_close(period)

    def half_year_close(self, period: Period) -> None:
        """Compute a half year's commissions, and take them to closed books."""
        after = period.days.upper
        periods_advance(on=after)
        run = self.period_computed(period, on=after + timedelta(days=7))
        run_review(run_id=run.pk, by=self.anders, at=moment(after + timedelta(days=20), 15))
        run_approve(run_id=run.pk, by=self.jonas, at=moment(after + timedelta(days=21)))
        run_lock(run_id=run.pk, by=self.jonas, at=moment(after + timedelta(days=21), 11))

    # The open quarter -------------------------------------------------------------------------------------

    def quarter_open(self) -> None:
        """Run the open quarter twice, review it, and leave it with the key account managers."""
        self.take_in([files.double_invoice_file(removed=False)], at=moment(date(2026, 10, 6)))
        self.quarter_run(OPEN)
        corrections = [
            files.corrected_profit_file(),
            files.double_invoice_file(removed=True),
            files.late_invoice_file(),
        ]
        self.take_in(corrections, at=moment(date(2026, 10, 9)))
        self.late_invoice_corrected(on=date(2026, 10, 9))
        self.run_reviewed(self.computed(OPEN, on=date(2026, 10, 12)), on=date(2026, 10, 13))
        late_facts(period=self.period("2026-Q4"), by=self.maren, at=moment(date(2026, 10, 13), 16))
        self.meridian_allocated_so_far(on=date(2026, 10, 14))

    def late_invoice_corrected(self, *, on: date) -> None:
        """Pay what the late invoice changes of the payout now; the pool's part is left for the next quarter."""
        found = late_facts(period=self.period(OPEN), by=self.maren, at=moment(on, 11))
        for adjustment in found.proposed:
            if adjustment.person_id is not None:
                adjustment_approve(adjustment_id=adjustment.pk, by=self.jonas, at=moment(on, 14))
            else:
                adjustment_reject(
                    adjustment_id=adjustment.pk,
                    reason="The team has been told its pool of this quarter; take it up in the next",
                    by=self.jonas,
                    at=moment(on, 14),
                )

    def meridian_allocated_so_far(self, *, on: date) -> None:
        """Save what Ingrid has handed out so far: four direct roles decided, the matrix roles at guideline."""
        pool = Pool.objects.get(account__node__code="MERIDIAN", period__code=OPEN)
        rows = Allocation.objects.filter(pool=pool, eligible=True).select_related("person__details")
        amounts, reasons = {}, {}
        for row in rows:
            name = row.person.details.legal_name
            if name in MERIDIAN_SO_FAR:
                amounts[row.person_id] = Decimal(MERIDIAN_SO_FAR[name])
                reasons[row.person_id] = MERIDIAN_REASONS.get(name, "")
            elif row.link == "matrix":
                amounts[row.person_id] = row.guideline
        allocation_save(
            pool_id=pool.pk,
            version=pool.version,
            amounts=amounts,
            reasons=reasons,
            by=self.users["ingrid.solheim"],
            at=moment(on, 10),
        )

    def window_kept_open(self, *, at: datetime) -> None:
        """Let the pools' window close two weeks from now if it would close before: they are there to be tried."""
        last = Pool.objects.filter(period__code=OPEN).aggregate(last=Max("closes_on"))["last"]
        to = at.date() + timedelta(days=WINDOW_DAYS)
        if last is not None and last < to:
            period_window_move(
                period_id=self.period(OPEN).pk,
                to=to,
                seen=last,
                reason="The demo company waits for whoever tries it",
                by=self.maren,
                at=at,
            )


def corrections_of(quarter: str) -> Iterable[Adjustment]:
    """Return the adjustments that correct a quarter, oldest first."""
    return Adjustment.objects.filter(corrects_period__code=quarter).order_by("created_at")
