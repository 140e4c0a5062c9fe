"""Plans put before those they pay: in their words, answered by them alone, reminded, and a payout waits for them."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from psycopg2.extras import DateRange
from pypdf import PdfReader

from kamcomp.approvals.choices import Severity
from kamcomp.approvals.models import Finding
from kamcomp.notices.models import Notice
from payouts.models import Pool
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.approvals import PlanNotSigned, run_approve
from payouts.services.pools import pool_approve
from payouts.services.reviews import review_confirm, run_review
from plans.choices import AcceptanceStatus, PlanType
from plans.engine.document import plan_from_document
from plans.models import Acceptance, Plan, PlanVersion
from plans.selectors.pictures import picture_of_version
from plans.services.acceptances import (
    AcceptanceAnswered,
    AnotherText,
    NobodyToAsk,
    NotTheirs,
    RefusalWithoutReason,
    acceptance_refuse,
    acceptance_send,
    acceptance_sign,
    acceptances_lapse,
    acceptances_remind,
)
from plans.templates_library import plan_template
from plans.views.agreements import agreement_text, agreements
from teams.models import AccountObjective, Employment, PersonDetails, RoleDuty
from teams.selectors.market import roles_on
from tests.laws import rows
from tests.payouts.company import AT, START, calculated_run, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    return company()


def sent(made):
    texts = agreements(version=made.version)
    (acceptance,) = acceptance_send(version_id=made.version.pk, texts=texts, by=made.user("maren"), at=AT)
    return acceptance


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def told(name, kind):
    return Notice.objects.filter(user__username=name, kind=kind, read_at=None).count()


class TestAgreement:
    def test_says_the_terms_and_what_the_readers_own_target_earns(self, made):
        (text,) = agreements(version=made.version).values()
        said = str(text.text)

        assert text.language == "en"
        assert "Growth, version 1" in text.text["title"]
        assert "An example with your own target" in said
        assert "× 100.00% × 120.00% =" in said
        assert "Doe" not in said

    def test_says_the_readers_part_everywhere_and_in_objectives_of_their_account(self, made):
        kam = made.people["KAM"]
        role = roles_on(days={kam.pk: START})[kam.pk]
        for account, code, words in (
            (made.account, "A-1", "Open the second plant"),
            (rows.account(), "B-1", "Elsewhere"),
        ):
            aim = AccountObjective.objects.create(
                account=account, code=code, owner=kam, statement=words, due_on=START, status="agreed"
            )
            RoleDuty.objects.create(role=role, activity="Site visits", part="responsible", objective=aim)
        RoleDuty.objects.create(role=role, activity="Account plan", part="accountable")

        (text,) = agreements(version=made.version).values()

        part = next(each for each in text.text["sections"] if "answer for" in each["title"])
        assert [pair[0] for pair in part["pairs"]] == ["Account plan", "Site visits · Open the second plant"]

    def test_takes_a_goals_weight_as_its_share_of_the_whole(self):
        plan = Plan(name="Team", code="TEAM")
        text = agreement_text(
            version=PlanVersion(plan=plan, number=1, valid=DateRange(START, None)),
            terms=plan_from_document(plan_template(plan_type=PlanType.TEAM_PERFORMANCE)),
            metrics={},
            language="en",
            target=Decimal(10_000),
        )

        said = [words for section in text["sections"] for _name, words in section["pairs"]]
        (example,) = [words for words in said if "× 40.00% × 100.00% =" in words]
        assert "40.00%" in said
        assert example.endswith("4,000.00")

    def test_is_in_the_language_the_person_works_in(self, made):
        Employment.objects.filter(person=made.people["KAM"]).update(work_language="de")
        (text,) = agreements(version=made.version).values()

        assert text.language == "de"
        assert "Beispiel" in str(text.text)


class TestAcceptanceSend:
    def test_is_put_before_who_can_sign_in_once_and_told(self, made):
        acceptance = sent(made)

        assert (acceptance.status, acceptance.person) == (AcceptanceStatus.SENT, made.people["KAM"])
        assert told("ingrid", "acceptance_sign") == 1
        with pytest.raises(NobodyToAsk):
            acceptance_send(
                version_id=made.version.pk,
                texts=agreements(version=made.version),
                by=made.user("maren"),
                at=AT,
            )

    def test_from_the_page_of_the_version(self, made):
        url = reverse("plans:acceptance-send", args=[made.version.pk])

        assert browser(made, "ingrid").post(url).status_code == 404
        assert browser(made, "maren").post(url).status_code == 302
        assert (
            "Send for acceptance"
            in browser(made, "maren")
            .get(reverse("plans:version-show", args=[made.version.pk]))
            .content.decode()
        )
        assert Acceptance.objects.count() == 1


class TestAcceptanceAnswer:
    def test_is_signed_by_the_person_with_the_text_they_read(self, made):
        acceptance = sent(made)
        with pytest.raises(NotTheirs):
            acceptance_sign(
                acceptance_id=acceptance.pk, digest=acceptance.digest, by=made.user("maren"), at=AT
            )
        with pytest.raises(AnotherText):
            acceptance_sign(acceptance_id=acceptance.pk, digest="x", by=made.user("ingrid"), at=AT)
        who = {"by": made.user("ingrid"), "at": AT}
        signed = acceptance_sign(acceptance_id=acceptance.pk, digest=acceptance.digest, **who)

        assert (signed.status, signed.answered_by) == (AcceptanceStatus.SIGNED, made.user("ingrid"))
        assert told("ingrid", "acceptance_sign") == 0
        with pytest.raises(AcceptanceAnswered):
            acceptance_refuse(acceptance_id=acceptance.pk, reason="no", **who)

    def test_is_refused_with_a_reason_that_the_sender_hears_of(self, made):
        acceptance = sent(made)
        who = {"by": made.user("ingrid"), "at": AT}
        with pytest.raises(RefusalWithoutReason):
            acceptance_refuse(acceptance_id=acceptance.pk, reason=" ", **who)
        acceptance_refuse(acceptance_id=acceptance.pk, reason="The gate", **who)

        assert Acceptance.objects.get().reason == "The gate"
        assert told("maren", "acceptance_refused") == 1

    def test_is_reminded_every_five_days_until_it_lapses(self, made):
        sent(made)

        assert acceptances_remind(at=AT + timedelta(days=4)) == 0
        assert acceptances_remind(at=AT + timedelta(days=5)) == 1
        assert acceptances_remind(at=AT + timedelta(days=6)) == 0
        assert told("ingrid", "acceptance_sign") == 2
        assert acceptances_lapse(on=made.version.span.until, at=AT) == 1
        assert acceptances_remind(at=AT + timedelta(days=20)) == 0
        assert told("ingrid", "acceptance_sign") == 0


class TestFacts:
    def test_say_who_has_signed_once_the_version_was_sent(self, made):
        def signed():
            people = picture_of_version(version=made.version, on=AT.date()).facts.people
            return {one.person: one.signed for one in people if one.on_plan}

        assert set(signed().values()) == {None}
        acceptance = sent(made)
        assert picture_of_version(version=made.version, on=AT.date()).facts.version.languages == ("en",)
        assert set(signed().values()) == {False}
        who = {"by": made.user("ingrid"), "at": AT}
        acceptance_sign(acceptance_id=acceptance.pk, digest=acceptance.digest, **who)
        assert set(signed().values()) == {True}

    def test_stop_the_approval_of_a_run_that_pays_before_the_signature(self, made):
        run = calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"})
        review_confirm(run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=AT)
        run_review(run_id=run.pk, by=made.user("anders"), at=AT)
        pool = Pool.objects.get()
        who = {"by": made.user("ingrid"), "at": AT}
        pool = allocation_guideline(pool_id=pool.pk, version=pool.version, **who)
        allocation_submit(pool_id=pool.pk, version=pool.version, **who)
        pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AT)
        Finding.objects.create(
            subject_table="payouts_run",
            subject_id=str(run.pk),
            rule="E01",
            message="California: signed plan of KAM is missing",
            severity=Severity.BLOCKS,
        )

        with pytest.raises(PlanNotSigned, match="E01: California"):
            run_approve(run_id=run.pk, by=made.user("jonas"), at=AT)
        Finding.objects.update(severity=Severity.TO_LOOK_AT)
        run_approve(run_id=run.pk, by=made.user("jonas"), at=AT)


class TestScreens:
    def test_are_read_and_signed(self, made):
        acceptance = sent(made)
        url = reverse("plans:acceptance-show", args=[acceptance.pk])
        ingrid = browser(made, "ingrid")

        assert "An example with your own target" in ingrid.get(url).content.decode()
        assert Acceptance.objects.get().status == AcceptanceStatus.OPENED
        assert ingrid.post(url, {"digest": acceptance.digest, "answer": "sign"}).status_code == 302
        assert "Signed" in ingrid.get(url).content.decode()

    def test_refuse_and_keep_what_was_typed(self, made):
        acceptance = sent(made)
        url = reverse("plans:acceptance-show", args=[acceptance.pk])
        answer = browser(made, "ingrid").post(
            url, {"digest": "another", "answer": "sign", "reason": "Half of it"}
        )

        assert answer.status_code == 422
        assert "Half of it" in answer.content.decode()

    def test_of_another_are_not_there(self, made):
        acceptance = sent(made)
        url = reverse("plans:acceptance-show", args=[acceptance.pk])

        assert browser(made, "priya").get(url).status_code == 404
        assert browser(made, "maren").get(url).status_code == 200
        assert browser(made, "maren").post(url, {"answer": "sign"}).status_code == 404
        assert Acceptance.objects.get().status == AcceptanceStatus.SENT

    def test_list_all_by_country_to_who_sends(self, made, django_assert_max_num_queries):
        sent(made)
        maren = browser(made, "maren")

        with django_assert_max_num_queries(12):
            page = maren.get(reverse("plans:acceptance-list")).content.decode()
        assert "By country" in page
        assert "By country" not in browser(made, "ingrid").get("/acceptances").content.decode()

    def test_list_ones_own_without_the_filter_of_all(self, made):
        sent(made)
        own = browser(made, "ingrid").get("/acceptances", {"status": "signed"}).content.decode()

        assert "Plans to sign" in own
        assert 'class="filter' not in own
        assert reverse("plans:acceptance-show", args=[Acceptance.objects.get().pk]) in own
        assert 'class="filter' in browser(made, "maren").get("/acceptances").content.decode()

    def test_give_a_copy_that_is_the_same_each_time(self, made):
        acceptance = sent(made)
        url = reverse("plans:acceptance-pdf", args=[acceptance.pk])
        first, again = (browser(made, "ingrid").get(url).content for _time in range(2))

        assert first.startswith(b"%PDF")
        assert first == again

    def test_give_a_copy_that_shows_a_name_as_itself(self, made):
        acceptance = sent(made)
        strange = '#strong[x] "q" =1+1 $a$ <b>&amp; @x'
        PersonDetails.objects.filter(person=acceptance.person).update(
            legal_name=f"{strange} \u05e9\U0001f600"
        )
        url = reverse("plans:acceptance-pdf", args=[acceptance.pk])

        sheets = PdfReader(io.BytesIO(browser(made, "ingrid").get(url).content)).pages

        said = " ".join("".join(sheet.extract_text() for sheet in sheets).split())
        assert strange in said
        assert "\ufffd" not in said
