"""From approval to closed books: who may, what is posted, and that nothing moves afterwards."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.db.utils import IntegrityError
from django.utils import timezone
from psycopg2.extras import DateRange

from kamcomp.approvals.models import Finding
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.currency.models import FxRate
from kamcomp.identity.selectors import RoleMissing
from kamcomp.lawful import law_of
from kamcomp.policy.models import PolicySetting
from payouts.choices import AdjustmentKind, AdjustmentStatus, LedgerAccount, LineKind, RunStatus
from payouts.engine.conversion import RateMissing
from payouts.models import Adjustment, Allocation, LedgerEntry, Payout, PayoutLine, Pool, Posting
from payouts.services import adjustments, approvals, locks
from payouts.services.reviews import run_review
from payouts.services.verify_ledger import ledger_differences
from teams.models import Employment, PayPackage
from tests.payouts.books import allocated, approved, balances, locked
from tests.payouts.company import ALWAYS, AT, LATER, START, TERMS, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal
EUR = "EUR"


@pytest.fixture
def made():
    return company()


@pytest.fixture
def run(made):
    return calculated_run(made)


class TestRunApprove:
    def test_needs_every_pool_approved(self, made, run):
        run_review(run_id=run.pk, by=made.user("anders"), at=AT)

        with pytest.raises(
            approvals.PoolsNotApproved, match=r"1 pools of .* are not approved: Meridian \(funded\)"
        ):
            approvals.run_approve(run_id=run.pk, by=made.user("jonas"), at=AT)

    @pytest.mark.parametrize(("by", "words"), [("maren", "maren started"), ("anders", "anders reviewed")])
    def test_is_not_for_who_prepared_it(self, made, run, by, words):
        allocated(made, run)
        made.user(by).role_grants.update(role="finance")

        with pytest.raises(approvals.PreparerCannotApprove, match=words):
            approvals.run_approve(run_id=run.pk, by=made.user(by), at=AT)

    def test_is_not_for_the_allocator(self, made, run):
        allocated(made, run)
        made.user("ingrid").role_grants.update(role="finance")

        with pytest.raises(
            approvals.AllocatorCannotApproveRun, match="ingrid allocated the pool of Meridian"
        ):
            approvals.run_approve(run_id=run.pk, by=made.user("ingrid"), at=AT)

    def test_is_for_finance(self, made, run):
        allocated(made, run)

        with pytest.raises(RoleMissing, match="Approving a run is for Finance"):
            approvals.run_approve(run_id=run.pk, by=made.user("priya"), at=AT)

    def test_waits_for_every_adjustment_to_be_decided(self, made, run):
        adjustments.adjustment_propose(
            period=made.quarters["2026-Q3"],
            kind=AdjustmentKind.GOODWILL,
            amount=D("10.00"),
            currency=EUR,
            reason="Helped",
            person=made.people["PM"],
            by=made.user("maren"),
            at=AT,
        )
        with pytest.raises(Exception, match="1 adjustments of 2026-Q3 wait for a decision"):
            approved(made, run)

    def test_comes_once(self, made, run):
        approved(made, run)

        with pytest.raises(approvals.RunNotAllocating, match="is approved: it is approved once"):
            approvals.run_approve(run_id=run.pk, by=made.user("olga"), at=AT)


class TestPersonalCeiling:
    def ceiling(self, made, amount):
        PayPackage.objects.filter(person=made.people["KAM"]).update(ceiling=amount)

    def test_is_over_all_scopes_and_what_is_above_is_an_amount_of_its_own(self, made, run):
        self.ceiling(made, 6000)

        approved(made, run)

        cut = Adjustment.objects.get(kind=AdjustmentKind.CEILING)
        assert (cut.amount, cut.person, cut.status) == (
            D("-457.50"),
            made.people["KAM"],
            AdjustmentStatus.APPROVED,
        )
        assert Payout.objects.get(run=run).amount == D("6457.50")
        message = Finding.objects.get(rule="personal_ceiling").message
        assert message == "KAM: Above the personal ceiling: 6457.50 EUR this year against 6000.00"

    def test_counts_what_the_year_has_paid_and_loses_the_excess_by_default(self, made, run):
        self.ceiling(made, 10000)
        locked(made, run)
        second = calculated_run(made, period="2026-Q4", amounts={"KAM": "5000.00"})

        approved(made, second, at=LATER)

        assert Adjustment.objects.get(kind=AdjustmentKind.CEILING).amount == D("-1457.50")

    def test_releases_what_was_carried_when_the_company_says_so(self, made):
        PolicySetting.objects.create(key="personal_ceiling_excess", value="carried", valid=ALWAYS)
        self.ceiling(made, 6000)
        locked(made, calculated_run(made))
        self.ceiling(made, 20000)

        approved(
            made,
            calculated_run(made, period="2026-Q4", amounts={"KAM": "100.00"}),
            at=LATER,
        )

        assert [str(cut.amount) for cut in Adjustment.objects.order_by("created_at")] == [
            "-457.500000",
            "457.500000",
        ]


class TestRunLock:
    def test_posts_every_cent_twice_and_closes_the_period(self, made, run):
        closed = locked(made, run)

        assert (closed.status, closed.locked_by) == (RunStatus.LOCKED, made.user("jonas"))
        assert made.calendar.periods.get(code="2026-Q3").status == PeriodStatus.LOCKED
        assert balances(run) == {("expense", EUR): D("36617.50"), ("payable", EUR): D("-36617.50")}
        for posting in Posting.objects.filter(run=run):
            assert not posting.entries.aggregate(total=Sum("amount"))["total"]
        kam = LedgerEntry.objects.get(account=LedgerAccount.PAYABLE, person=made.people["KAM"])
        assert (kam.amount, kam.payout, kam.cost_centre) == (
            D("-6457.50"),
            Payout.objects.get(run=run),
            "CC1",
        )

    def test_leaves_the_reserve_on_the_pool(self):
        made = company(pool={**TERMS, "funding": {"rule": "fixed", "amount": "500.00"}})
        Employment.objects.exclude(person=made.people["KAM"]).update(valid=DateRange(START, date(2026, 2, 1)))
        run = calculated_run(made)

        locked(made, run)

        assert Pool.objects.get().reserve == 500
        assert balances(run)["pool", EUR] == -500

    def test_opens_the_next_period(self, made):
        locked(made, calculated_run(made, period="2026-Q4"), at=LATER)

        assert made.calendar.periods.get(code="2027-Q1").status == PeriodStatus.OPEN

    def test_is_for_an_approved_run(self, made, run):
        with pytest.raises(locks.RunNotApproved, match="is calculated: only an approved run is locked"):
            locks.run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)

    def test_comes_after_the_last_day(self, made):
        run = approved(made, calculated_run(made, period="2026-Q4"))

        with pytest.raises(locks.PeriodNotOver, match="runs to its last day, 2026-12-31"):
            locks.run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)

    def test_comes_in_order(self, made, run):
        later = approved(made, calculated_run(made, period="2026-Q4"))

        with pytest.raises(locks.EarlierPeriodOpen, match="2026-Q3 has a run and is not locked"):
            locks.run_lock(run_id=later.pk, by=made.user("jonas"), at=LATER)

    def test_refuses_when_what_was_approved_has_changed(self, made, run):
        approved(made, run)
        run.result_digest = "2" * 64
        run.save(update_fields=["result_digest"])

        with pytest.raises(
            locks.ApprovalVoid, match="What jonas approved of 2026-Q3 no. 1 on 14 Oct 2026 has changed"
        ):
            locks.run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)

    def test_posts_payment_terms_to_their_own_accounts(self, made):
        run = calculated_run(made, amounts={"KAM": "1500.00"})
        payout = Payout.objects.get(run=run)
        for number, (leaf, amount) in enumerate([("draw", "1000.00"), ("clawback", "-250.00")], start=2):
            PayoutLine.objects.create(
                payout=payout,
                number=number,
                period=run.period,
                kind=LineKind.TERMS,
                leaf=leaf,
                account=made.account,
                amount=D(amount),
            )

        locked(made, run)

        assert balances(run) == {
            ("expense", EUR): D("30910.00"),
            ("draw", EUR): D("1000.00"),
            ("recoverable", EUR): D("-250.00"),
            ("payable", EUR): D("-31660.00"),
        }

    def test_pays_in_payroll_currency_and_names_the_difference(self, made, run):
        Employment.objects.filter(person=made.people["KAM"]).update(payroll_currency="JPY")
        with pytest.raises(RateMissing, match="no stored payroll rate from EUR to JPY for 2026-09-30"):
            approved(made, run)
        FxRate.objects.create(
            rate_set="payroll",
            rate_date=date(2026, 9, 30),
            from_currency=EUR,
            to_currency="JPY",
            rate=D("161.27"),
        )

        locked_again(made, run)

        assert balances(run) == {
            ("expense", EUR): D("36617.50"),
            ("payable", EUR): D("-30160.00"),
            ("conversion", EUR): D("-6457.50"),
            ("payable", "JPY"): D("-1041401"),
            ("conversion", "JPY"): D("1041401"),
        }


class TestPayInPayrollCurrency:
    PAIR = {"rate_set": "payroll", "from_currency": EUR, "to_currency": "JPY", "rate_date": date(2026, 9, 30)}

    def test_follows_from_the_rate_believed_at_the_lock(self, owner_sql):
        made = company()
        run = calculated_run(made)
        Employment.objects.filter(person=made.people["KAM"]).update(payroll_currency="JPY")
        rate = FxRate.objects.create(rate=D("161.27"), **self.PAIR)
        locked(made, run)
        Employment.objects.filter(person=made.people["KAM"]).update(payroll_currency="EUR")
        FxRate.objects.filter(pk=rate.pk).update(superseded_at=timezone.now())
        FxRate.objects.create(rate=D("170"), **self.PAIR)

        assert list(ledger_differences(run=run)) == []

        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_ledgerentry SET amount = amount + CASE account WHEN 'payable' THEN -1 ELSE 1 END"
            " WHERE currency = 'JPY' AND id IN (SELECT max(id) FROM payouts_ledgerentry WHERE currency = 'JPY'"
            " GROUP BY account)"
        )
        assert (
            "KAM: the ledger has -1041402 JPY on payable for pay in payroll's currency, -1041401 follows (-1 JPY)."
        ) in [difference.sentence for difference in ledger_differences(run=run)]


def locked_again(made, run):
    """Approve and lock a run whose pools are approved already."""
    approvals.run_approve(run_id=run.pk, by=made.user("jonas"), at=AT)
    return locks.run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)


class TestAfterTheLock:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: Payout.objects.update(amount=0),
            lambda: PayoutLine.objects.all().delete(),
            lambda: Allocation.objects.update(amount=0),
            lambda: Pool.objects.update(reserve=1),
            lambda: LedgerEntry.objects.update(amount=1),
            lambda: Posting.objects.update(act="other"),
        ],
    )
    def test_nothing_moves(self, made, run, change):
        locked(made, run)
        before = list(LedgerEntry.objects.order_by("pk").values_list())

        with pytest.raises(Exception, match=r"locked|denied|refuse|only added|stay"), transaction.atomic():
            change()

        assert list(LedgerEntry.objects.order_by("pk").values_list()) == before

    def test_no_entry_is_added(self, made, run):
        locked(made, run)

        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            Posting.objects.create(period=run.period, run=run, act="more", at=AT)
            connection.check_constraints()

        assert law_of(broken.value) == "postings_of_a_locked_period_stay"
