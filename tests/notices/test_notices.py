"""Notices: written with the act, once; mailed once or again with the same id; never with a name or an amount."""

from datetime import timedelta
from decimal import Decimal
from smtplib import SMTPDataError, SMTPServerDisconnected
from threading import Thread

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from kamcomp.notices.choices import MailStatus, NoticeKind
from kamcomp.notices.models import Notice
from kamcomp.notices.selectors import notices_unread, setting_of
from kamcomp.notices.services import (
    notice_language_put,
    notice_setting_put,
    notices_mail,
    notices_put,
    notices_read,
)
from payouts.choices import AdjustmentKind, DisputeKind
from payouts.models import Payout, PayoutLine, Pool
from payouts.selectors.disputes import Subject
from payouts.services import disputes
from payouts.services.adjustments import adjustment_approve, adjustment_propose
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.approvals import run_approve
from payouts.services.locks import run_lock
from payouts.services.pools import pool_approve, pool_return
from payouts.services.readings import statement_read
from payouts.services.reviews import review_confirm, run_review
from payouts.services.runs import REVIEWERS
from payouts.services.telling import run_calculated_told
from tests.payouts.company import AT, calculated_run, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    made = company()
    for name, user in made.users.items():
        user.email = f"{name}@example.com"
        user.save()
    run = calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"})
    review_confirm(run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=AT)
    run_review(run_id=run.pk, by=made.user("anders"), at=AT)
    return made


class HangingUp(EmailBackend):
    """A mail server that hangs up in the middle."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("gone")


class Refusing(EmailBackend):
    """A mail server that takes nothing now."""

    def send_messages(self, messages):
        raise SMTPDataError(451, b"try again later")


class Away(EmailBackend):
    """A mail server that is not there."""

    def open(self):
        raise ConnectionRefusedError


def told(name):
    return list(
        Notice.objects.filter(user__username=name).order_by("at", "pk").values_list("kind", flat=True)
    )


def waiting(name):
    return list(Notice.objects.filter(user__username=name, read_at=None).values_list("kind", flat=True))


def opened(made):
    payout = Payout.objects.get(person=made.people["PM"])
    return disputes.dispute_open(
        subject=Subject(payout=payout, line=PayoutLine.objects.get(payout=payout)),
        kind=DisputeKind.DISPUTE,
        claim="Priya Nair is owed 200.00 by Meridian",
        by=made.user("priya"),
        at=AT,
    )


def put(made, *, key="k", name="maren", kind=NoticeKind.DISPUTE_ANSWER):
    notices_put(users=[made.user(name)], kind=kind, key=key, path="/disputes", about="7", at=AT)


def only(made):
    """Let nothing else wait to be mailed."""
    Notice.objects.update(mail=MailStatus.OFF)
    put(made)


class TestWhoIsTold:
    def test_the_kam_of_a_funded_pool_its_approver_and_the_kam_again(self, made):
        pool = allocation_guideline(
            pool_id=Pool.objects.get().pk, version=Pool.objects.get().version, by=made.user("ingrid"), at=AT
        )
        allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pool_return(pool_id=pool.pk, reason="Look again", by=made.user("anders"), at=AT)

        assert told("ingrid") == [NoticeKind.POOL_ALLOCATE, NoticeKind.POOL_RETURNED]
        assert NoticeKind.POOL_DECIDE in told("anders")
        assert told("priya") == []

    def test_who_answers_a_case_and_the_payee_who_asked(self, made):
        dispute = opened(made)
        answerer = dispute.assigned_to
        disputes.dispute_write(dispute_id=dispute.pk, text="Which one?", by=answerer, at=AT)
        disputes.dispute_uphold(
            dispute_id=dispute.pk,
            amount=Decimal("5.00"),
            answer="Yes",
            by=answerer,
            at=AT + timedelta(hours=1),
        )

        assert NoticeKind.DISPUTE_ANSWER in told(answerer.username)
        assert told("priya") == [NoticeKind.DISPUTE_MESSAGE, NoticeKind.DISPUTE_ANSWERED]
        assert NoticeKind.ADJUSTMENT_DECIDE in told("anders")
        assert NoticeKind.ADJUSTMENT_DECIDE not in told(answerer.username)

    def test_who_decides_on_adjustments_until_only_their_own_are_left(self, made):
        first, second = (
            adjustment_propose(
                period=made.quarters["2026-Q4"], kind=AdjustmentKind.CORRECTION, amount=Decimal(5),
                currency="EUR", reason="An invoice of July", person=made.people["PM"],
                plan_version=made.version, by=made.user(proposer), at=AT,
            )
            for proposer in ("maren", "jonas")
        )  # fmt: skip
        assert waiting("maren").count(NoticeKind.ADJUSTMENT_DECIDE) == 1

        adjustment_approve(adjustment_id=second.pk, by=made.user("maren"), at=AT)
        assert NoticeKind.ADJUSTMENT_DECIDE not in waiting("maren")
        assert NoticeKind.ADJUSTMENT_DECIDE in waiting("jonas")

        adjustment_approve(adjustment_id=first.pk, by=made.user("jonas"), at=AT)
        assert NoticeKind.ADJUSTMENT_DECIDE not in waiting("jonas") + waiting("anders")

    def test_everybody_a_run_waits_for_until_it_is_done(self, made):
        run = made.runs["2026-Q3"]
        assert waiting("ingrid") == [NoticeKind.POOL_ALLOCATE]
        pool = allocation_guideline(
            pool_id=Pool.objects.get().pk, version=Pool.objects.get().version, by=made.user("ingrid"), at=AT
        )
        pool = allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        assert waiting("ingrid") == []
        pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AT)
        assert waiting("anders") == []
        assert waiting("jonas") == [NoticeKind.RUN_APPROVE]
        run_approve(run_id=run.pk, by=made.user("jonas"), at=AT)
        assert waiting("jonas") == waiting("maren") == [NoticeKind.RUN_LOCK]
        run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)
        assert waiting("maren") == waiting("jonas") == []
        assert waiting("priya") == [NoticeKind.STATEMENT_FINAL]

        notice = Notice.objects.get(user=made.user("priya"))
        assert notice.path == reverse("payouts:statement-show", args=[made.people["PM"].pk, "2026-Q3"])
        statement_read(person_id=made.people["PM"].pk, period_id=run.period_id, by=made.user("priya"), at=AT)
        assert waiting("priya") == []

    def test_who_looks_at_a_calculated_run_until_it_is_reviewed(self, db):
        made = company()
        run = calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"})
        run_calculated_told(run=run, reviewers=REVIEWERS, at=AT)
        assert waiting("ingrid") == [NoticeKind.ACCOUNT_REVIEW]
        assert waiting("anders") == [NoticeKind.RUN_REVIEW]
        assert waiting("priya") == waiting(run.started_by.username) == []

        review_confirm(run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=AT)
        run_review(run_id=run.pk, by=made.user("anders"), at=AT)
        assert waiting("anders") == []
        assert waiting("ingrid") == [NoticeKind.POOL_ALLOCATE]

    def test_each_once_by_its_key(self, made):
        for _again in range(3):
            put(made)

        assert Notice.objects.filter(key="k").count() == 1


class TestMail:
    def test_goes_once_and_says_neither_name_nor_amount(self, made):
        opened(made)
        Notice.objects.exclude(kind=NoticeKind.DISPUTE_ANSWER).update(mail=MailStatus.OFF)

        assert (notices_mail(at=AT), notices_mail(at=AT)) == (1, 0)
        (message,) = mail.outbox
        said = message.subject + message.body
        assert "A question or dispute waits for your answer (1)" in said
        assert f"/notices/{Notice.objects.get(mail=MailStatus.SENT).pk}" in said
        for private in ("Priya", "Nair", "200", "Meridian", "€", "EUR"):
            assert private not in said

    def test_is_never_sent_again_where_nobody_knows_whether_it_went(self, made, settings):
        only(made)
        settings.EMAIL_BACKEND = f"{__name__}.HangingUp"
        assert notices_mail(at=AT) == 0
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

        assert notices_mail(at=AT + timedelta(days=1)) == 0
        assert Notice.objects.get(key="k").mail == MailStatus.BEGUN
        assert mail.outbox == []

    def test_is_tried_later_and_later_where_the_server_refuses_it(self, made, settings):
        only(made)
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        tried = []
        for minute in range(0, 300, 2):
            notices_mail(at=AT + timedelta(minutes=minute))
            tried.append(Notice.objects.get(key="k").attempts)

        assert [tried.index(attempt) * 2 for attempt in range(1, 9)] == [0, 2, 6, 14, 30, 62, 126, 254]
        notice = Notice.objects.get(key="k")
        assert (notice.mail, notice.attempts) == (MailStatus.FAILED, 8)

    def test_waits_unbegun_while_no_server_answers(self, made, settings):
        only(made)
        settings.EMAIL_BACKEND = f"{__name__}.Away"
        assert notices_mail(at=AT) == 0
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

        assert Notice.objects.get(key="k").attempts == 0
        assert notices_mail(at=AT + timedelta(minutes=1)) == 1

    def test_is_not_sent_days_later_or_once_it_was_read(self, made):
        only(made)
        put(made, key="read")
        notices_read(notice_ids=[Notice.objects.get(key="read").pk], by=made.user("maren"), at=AT)

        assert notices_mail(at=AT + timedelta(days=4)) == 0
        assert set(Notice.objects.filter(key__in=["k", "read"]).values_list("mail", flat=True)) == {"late"}

    def test_is_in_the_language_that_was_asked_for(self, made):
        notice_language_put(language="de", by=made.user("maren"), at=AT)
        only(made)
        notices_mail(at=AT)

        assert mail.outbox[0].subject == "Eine Frage oder ein Einspruch wartet auf Ihre Antwort (7)"

    @pytest.mark.parametrize(
        "wanted",
        [{"by_mail": False, "not_by_mail": []}, {"by_mail": True, "not_by_mail": ["dispute_answer"]}],
    )
    def test_is_not_sent_where_it_is_not_wanted(self, made, wanted):
        notice_setting_put(**wanted, language="en", by=made.user("maren"), at=AT)
        only(made)

        assert notices_mail(at=AT) == 0
        assert Notice.objects.get(key="k").mail == MailStatus.OFF
        assert notices_unread(user=made.user("maren")) >= 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_mail_each_notice_once(transactional_db):
    made = company()
    maren = made.user("maren")
    maren.email = "maren@example.com"
    maren.save()
    for number in range(12):
        put(made, key=str(number))
    sent = []

    def work():
        from django.db import connection

        sent.append(notices_mail(at=AT))
        connection.close()

    threads = [Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sum(sent) == 12
    assert len(mail.outbox) == 12


class TestScreens:
    def browser(self, made, name="maren"):
        client = Client()
        client.force_login(made.user(name))
        return client

    def test_list_what_is_new_and_mark_it_read(self, made):
        put(made)
        maren = self.browser(made)
        unread = notices_unread(user=made.user("maren"))

        page = maren.get("/notices").content.decode()
        assert "A question or dispute waits for your answer (7)" in page
        assert page.count(f"Notices, {unread} unread") == 2
        maren.post(reverse("notices-read"))
        assert "unread" not in maren.get("/notices").content.decode()

    def test_lead_where_they_say_and_are_read_then(self, made):
        put(made)
        there = reverse("notice-open", args=[Notice.objects.get(key="k").pk])

        assert self.browser(made, "priya").get(there).status_code == 404
        assert self.browser(made).get(there).url == "/disputes"
        assert Notice.objects.get(key="k").read_at is not None

    def test_are_each_readers_own(self, made):
        put(made)

        assert "(7)" not in self.browser(made, "priya").get("/notices").content.decode()

    def test_keep_what_is_wanted_by_mail(self, made):
        url = reverse("notice-settings")
        self.browser(made).post(url, {"by_mail": "on", "language": "de", "kinds": ["pool_decide"]})

        page = self.browser(made).get(url).content.decode()
        assert page.count("checked") == 2
        assert self.browser(made).post(url, {"language": "xx"}).status_code == 422

    def test_mail_comes_in_the_language_the_pages_are_read_in(self, made):
        self.browser(made).post(reverse("language"), {"language": "de"})

        assert setting_of(user=made.user("maren")).language == "de"

    def test_cost_the_same_for_one_and_for_many(self, made, django_assert_max_num_queries):
        counts = []
        maren = self.browser(made)
        for number in (1, 40):
            for key in range(number):
                put(made, key=f"n{key}")
            with django_assert_max_num_queries(12) as captured:
                assert maren.get("/notices").status_code == 200
            counts.append(len(captured))

        assert counts[0] == counts[1]
