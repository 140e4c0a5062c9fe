"""Disputes: opened by the payee, answered by others than prepared it, upheld by an amount that a second one decides."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.selectors import RoleMissing
from kamcomp.policy.services import setting_put
from payouts.choices import AdjustmentKind, AdjustmentStatus, DisputeKind, DisputeStatus
from payouts.models import Adjustment, Allocation, Dispute, Payout, PayoutEvent, PayoutLine
from payouts.selectors.disputes import Subject, answer_due_on, disputes_to_answer, disputes_to_close
from payouts.services import adjustments, disputes
from tests.payouts.books import locked
from tests.payouts.company import AT, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    """Return the company with its third quarter locked: Maren started the run, Ingrid handed the pool out."""
    made = company()
    locked(made, calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"}))
    return made


def line_of(made, name="PM"):
    payout = Payout.objects.select_related("run__period", "person", "plan_version").get(
        person=made.people[name]
    )
    return Subject(payout=payout, line=PayoutLine.objects.get(payout=payout))


def share_of(made, name="PM"):
    return Subject(share=Allocation.objects.get(person=made.people[name]))


def opened(made, subject=None, *, by="priya", at=AT, **values):
    values = {"kind": DisputeKind.DISPUTE, "claim": "The July invoice is missing", **values}
    return disputes.dispute_open(subject=subject or line_of(made), by=made.user(by), at=at, **values)


def uphold(made, dispute, amount="200.00", *, by="jonas", **values):
    return disputes.dispute_uphold(
        dispute_id=dispute.pk, amount=D(amount), answer="It was missing", by=made.user(by), at=AT, **values
    )


def reject(made, dispute, *, by="jonas", answer="It was counted in June"):
    return disputes.dispute_reject(dispute_id=dispute.pk, answer=answer, by=made.user(by), at=AT)


class TestDisputeOpen:
    def test_goes_to_somebody_else_than_prepared_it_with_a_day(self, made):
        dispute = opened(made, claimed=D("200.00"))

        assert dispute.assigned_to.username in ("jonas", "olga")
        assert (dispute.number, dispute.status, dispute.due_on) == (1, DisputeStatus.OPEN, date(2026, 10, 28))
        assert PayoutEvent.objects.get(kind="disputed").payout == line_of(made).payout

    def test_about_a_share_goes_to_nobody_who_handed_it_out(self, made):
        made.user("ingrid").role_grants.update(role="finance")
        made.user("jonas").role_grants.all().delete()
        made.user("olga").role_grants.all().delete()

        assert opened(made, share_of(made)).assigned_to == made.user("maren")

    def test_waits_with_nobody_where_nobody_may_answer(self, made):
        for name in ("jonas", "olga"):
            made.user(name).role_grants.all().delete()

        assert opened(made).assigned_to is None

    def test_goes_to_whoever_has_the_fewest(self, made):
        first = opened(made)
        second = opened(made, share_of(made))

        assert first.assigned_to != second.assigned_to

    def test_is_for_the_payee(self, made):
        with pytest.raises(disputes.NotYourPay, match="ingrid can ask about their own pay only"):
            opened(made, by="ingrid")

    def test_says_something(self, made):
        with pytest.raises(disputes.ClaimMissing):
            opened(made, claim="  ")
        with pytest.raises(disputes.ClaimMissing, match="above zero"):
            opened(made, claimed=D(-1))

    def test_is_open_once_a_line(self, made):
        opened(made)

        with pytest.raises(disputes.DisputeOpenAlready, match="open already: write in it"):
            opened(made)

    def test_ends_with_the_window_which_policy_sets(self, made):
        last = date(2026, 10, 30) + timedelta(days=30)
        assert opened(made, at=AT.replace(month=last.month, day=last.day))

        setting_put(key="dispute_window_days", value=5, since=AT.date(), by=made.user("maren"), at=AT)
        with pytest.raises(disputes.DisputeWindowClosed, match="until 2026-11-04"):
            opened(made, share_of(made), at=AT.replace(month=11, day=5))

    def test_counts_working_days_to_the_answer(self, made):
        assert answer_due_on(opened_on=date(2026, 10, 16)) == date(2026, 10, 30)

        setting_put(key="dispute_answer_days", value=1, since=date(2026, 10, 1), by=made.user("maren"), at=AT)
        assert answer_due_on(opened_on=date(2026, 10, 16)) == date(2026, 10, 19)


class TestDisputeAnswer:
    @pytest.mark.parametrize("by", ["maren", "priya", "anders"])
    def test_is_never_the_preparers_or_the_payees(self, made, by):
        dispute = opened(made)
        refusals = (disputes.NotTheAnswerer, RoleMissing)

        with pytest.raises(refusals):
            reject(made, dispute, by=by)
        with pytest.raises(refusals):
            disputes.dispute_take(dispute_id=dispute.pk, by=made.user(by), at=AT)

    def test_rejects_with_words_once(self, made):
        dispute = opened(made)
        with pytest.raises(disputes.AnswerMissing):
            reject(made, dispute, answer=" ")

        assert reject(made, dispute).status == DisputeStatus.REJECTED
        with pytest.raises(disputes.DisputeAnswered, match="is rejected already"):
            reject(made, dispute, by="olga")

    def test_answers_a_question_and_never_upholds_it(self, made):
        dispute = opened(made, kind=DisputeKind.QUESTION)
        with pytest.raises(disputes.QuestionNotDisputed):
            uphold(made, dispute)

        assert reject(made, dispute).status == DisputeStatus.ANSWERED
        assert not PayoutEvent.objects.filter(kind="disputed").exists()

    @pytest.mark.parametrize(
        ("claimed", "status"),
        [
            (None, DisputeStatus.UPHELD),
            ("200.00", DisputeStatus.UPHELD),
            ("200.01", DisputeStatus.PARTLY_UPHELD),
        ],
    )
    def test_upholds_by_an_adjustment_for_a_second_person(self, made, claimed, status):
        dispute = uphold(made, opened(made, claimed=D(claimed) if claimed else None))

        proposed = Adjustment.objects.get()
        assert (dispute.status, dispute.adjustment) == (status, proposed)
        assert (proposed.kind, proposed.amount, proposed.status) == (
            AdjustmentKind.DISPUTE,
            D(200),
            "proposed",
        )
        assert (proposed.corrects_line, proposed.period.code) == (1, "2026-Q4")
        with pytest.raises(adjustments.ProposerCannotDecide):
            adjustments.adjustment_approve(adjustment_id=proposed.pk, by=made.user("jonas"), at=AT)
        with pytest.raises(disputes.AdjustmentWaits):
            disputes.dispute_close(dispute_id=dispute.pk, by=made.user("priya"), at=AT)

    @pytest.mark.parametrize("claimed", [None, "200.00"])
    def test_takes_nothing_from_who_claimed_more(self, made, claimed):
        dispute = opened(made, claimed=D(claimed) if claimed else None)

        with pytest.raises(adjustments.AdjustmentAmountUnsound, match="above zero"):
            uphold(made, dispute, amount=D("-50.00"))

        assert not Adjustment.objects.exists()

    def test_upholds_as_a_correction_where_facts_follow(self, made):
        uphold(made, opened(made), facts_follow=True)

        assert Adjustment.objects.get().kind == AdjustmentKind.CORRECTION

    def test_goes_back_to_review_when_the_second_person_says_no(self, made):
        dispute = uphold(made, opened(made))
        adjustments.adjustment_reject(
            adjustment_id=dispute.adjustment_id, reason="No proof", by=made.user("anders"), at=AT
        )

        dispute.refresh_from_db()
        assert (dispute.status, dispute.adjustment, dispute.answer) == (DisputeStatus.IN_REVIEW, None, "")
        assert reject(made, dispute).status == DisputeStatus.REJECTED


class TestDisputeClose:
    def test_is_closed_by_the_payee_once_the_adjustment_is_decided(self, made):
        dispute = uphold(made, opened(made))
        adjustments.adjustment_approve(adjustment_id=dispute.adjustment_id, by=made.user("anders"), at=AT)
        assert list(disputes_to_close(user=made.user("priya"))) == [dispute]

        closed = disputes.dispute_close(dispute_id=dispute.pk, by=made.user("priya"), at=AT)

        assert (closed.status, closed.closed_by.username) == (DisputeStatus.CLOSED, "priya")
        assert not disputes_to_close(user=made.user("priya")).exists()

    def test_is_not_closed_before_it_is_answered(self, made):
        with pytest.raises(disputes.DisputeAnswered, match="is open: an answered case is closed"):
            disputes.dispute_close(dispute_id=opened(made).pk, by=made.user("priya"), at=AT)

    def test_takes_words_from_both_sides_until_then(self, made):
        dispute = opened(made)
        for name in ("priya", "jonas"):
            disputes.dispute_write(dispute_id=dispute.pk, text=f"from {name}", by=made.user(name), at=AT)
        with pytest.raises(disputes.NotTheAnswerer):
            disputes.dispute_write(dispute_id=dispute.pk, text="mine", by=made.user("maren"), at=AT)

        assert [each.text for each in dispute.messages.order_by("created_at")] == ["from priya", "from jonas"]


class TestScreens:
    @pytest.fixture(autouse=True)
    def whenever_this_runs(self, made):
        """Let the window never end: the pages' clock is the machine's."""
        setting_put(key="dispute_window_days", value=99_999, since=AT.date(), by=made.user("maren"), at=AT)

    def browser(self, made, name):
        client = Client()
        client.force_login(made.user(name))
        return client

    def ask(self, made, name="priya", **typed):
        subject = line_of(made)
        url = reverse("payouts:line-dispute", args=[subject.payout.pk, 1])
        data = {"kind": "dispute", "claim": "The July invoice is missing", "claimed": "200,00", **typed}
        return self.browser(made, name).post(url, data)

    def act(self, made, name, act, **typed):
        url = reverse("payouts:dispute-act", args=[Dispute.objects.get().pk, act])
        return self.browser(made, name).post(url, typed)

    def show(self, made, name):
        return self.browser(made, name).get(reverse("payouts:dispute-show", args=[Dispute.objects.get().pk]))

    def test_open_it_from_a_line_a_share_and_an_adjustment(self, made):
        for when in ("line", "share"):
            subject = line_of(made) if when == "line" else share_of(made)
            args = [subject.payout.pk, 1] if when == "line" else [subject.share.pk]
            page = self.browser(made, "priya").get(reverse(f"payouts:{when}-dispute", args=args))
            assert page.status_code == 200

        self.ask(made)

        dispute = Dispute.objects.get()
        assert (dispute.claimed, dispute.line, dispute.person.employee_id) == (D("200.00"), 1, "PM")
        statement = reverse("payouts:statement-show", args=[made.people["PM"].pk, "2026-Q3"])
        assert "Dispute: Open" in self.browser(made, "priya").get(statement).content.decode()

    def test_keep_what_was_typed_when_it_cannot_be(self, made):
        answer = self.ask(made, claimed="many", claim="Where is July?")

        assert answer.status_code == 422
        assert "“many” is not an amount" in answer.content.decode()
        assert "Where is July?" in answer.content.decode()

    def test_open_on_the_line_and_say_by_when(self, made):
        self.ask(made)

        page = self.show(made, "jonas").content.decode()

        assert "€1,000.00" in page
        assert "Said to be missing" in page
        assert "Answer due" in page
        assert "The July invoice is missing" in page

    def test_offer_the_answer_to_those_who_may_give_it(self, made):
        self.ask(made)

        assert "Uphold and propose the adjustment" in self.show(made, "jonas").content.decode()
        assert "somebody else answers it" in self.show(made, "maren").content.decode()
        assert "Uphold" not in self.show(made, "priya").content.decode()
        assert [self.show(made, name).status_code for name in ("ingrid", "anders")] == [404, 404]

    def test_uphold_reject_and_close(self, made):
        self.ask(made)
        refused = self.act(made, "jonas", "uphold", answer="It was missing", amount="")
        assert refused.status_code == 422
        assert "It was missing" in refused.content.decode()

        self.act(made, "jonas", "uphold", answer="It was missing", amount="150.00")
        assert Dispute.objects.get().status == DisputeStatus.PARTLY_UPHELD
        late = self.act(made, "olga", "reject", answer="I do not think so")
        assert late.status_code == 409
        assert "I do not think so" in late.content.decode()

        adjustments.adjustment_approve(
            adjustment_id=Adjustment.objects.get().pk, by=made.user("anders"), at=AT
        )
        self.act(made, "priya", "close")
        assert Dispute.objects.get().status == DisputeStatus.CLOSED
        assert Adjustment.objects.get().status == AdjustmentStatus.APPROVED

    def test_are_not_there_for_strangers(self, made):
        self.ask(made)

        assert self.ask(made, "ingrid").status_code == 404
        assert self.act(made, "ingrid", "write", text="hello").status_code == 404
        assert (
            self.browser(made, "ingrid")
            .get(reverse("payouts:share-dispute", args=[share_of(made).share.pk]))
            .status_code
            == 404
        )

    def test_list_what_waits_at_a_bounded_cost(self, made, django_assert_max_num_queries):
        self.ask(made)
        url = reverse("payouts:dispute-list")
        jonas = self.browser(made, made.user(Dispute.objects.get().assigned_to.username).username)
        counts = []
        for _size in ("one", "many"):
            with django_assert_max_num_queries(14) as captured:
                page = jonas.get(url).content.decode()
            counts.append(len(captured))
            opened(made, share_of(made)) if _size == "one" else None
            opened(made, line_of(made, "KAM"), by="ingrid") if _size == "one" else None

        assert "waits for your answer" in page or "wait for your answer" in page
        assert counts[0] == counts[1] <= 12
        assert disputes_to_answer(user=made.user("maren"), answers=True).count() <= 1
