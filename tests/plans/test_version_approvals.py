"""A version on its way: approved step by step by others than prepared it, sent back, published, on screen."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Approval, Finding
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.models import Notice
from kamcomp.policy.services import setting_put
from plans import services
from plans.choices import DraftStatus, PlanType
from plans.engine.edits import set_at
from plans.models import Draft, PlanVersion
from plans.selectors.approvals import version_progress, versions_waiting
from plans.services.versions import (
    ApproverDecidedAlready,
    DrafterCannotApprove,
    ReasonMissing,
    VersionReturned,
)
from plans.templates_library import plan_template
from plans.views.design.begin import next_year
from tests.payouts.company import START, company

pytestmark = pytest.mark.django_db
STEPS = ["operations", "finance", "hr_legal"]


@pytest.fixture
def made():
    """A submitted draft of a new plan that nothing blocks, and a company that asks three for approval."""
    made = company()
    made.users["hanna"] = user_make(username="hanna", roles=[Role.HR_LEGAL], since=START, by=None)
    setting_put(
        key="plans.approval_steps", value=STEPS, since=START, by=made.user("maren"), at=timezone.now()
    )
    document = plan_template(plan_type=PlanType.TEAM_PERFORMANCE) | {"code": "NEW-2027"}
    made.draft = services.draft_begin(
        document=document, calendar=made.calendar, by=made.user("maren"), at=timezone.now()
    )
    made.new = _submitted(made)
    return made


def _submitted(made):
    step = Draft.objects.get(pk=made.draft.pk).step
    who = {"by": made.user("maren"), "at": timezone.now()}
    version = services.draft_submit(draft_id=made.draft.pk, seen=step, **who)
    Finding.objects.filter(subject_id=str(version.pk), severity="blocks").update(
        status=FindingStatus.WAIVED,
        settled_by=made.user("anders"),
        settled_at=who["at"],
        settled_reason="tried",
    )
    return version


def act(made, name, do=services.version_approve, **words):
    return do(version_id=made.new.pk, by=made.user(name), at=timezone.now(), **words)


def told(kind):
    return sorted(Notice.objects.filter(kind=kind, read_at=None).values_list("user__username", flat=True))


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def url(made):
    return reverse("plans:version-decide", args=[made.new.pk])


class TestVersionApprove:
    def test_takes_every_step_in_order_and_tells_who_is_next(self, made):
        assert told(NoticeKind.PLAN_APPROVE) == ["anders", "olga"]
        with pytest.raises(RoleMissing):
            act(made, "jonas")

        act(made, "anders", comment="Fits the strategy")
        assert PlanVersion.objects.get(pk=made.new.pk).status == "draft"
        assert told(NoticeKind.PLAN_APPROVE) == ["jonas", "olga"]
        act(made, "jonas")
        assert [each.pk for each in versions_waiting(
            user=made.user("hanna"), roles=[Role.HR_LEGAL], on=timezone.localdate()
        )] == [made.new.pk]  # fmt: skip
        version = act(made, "hanna")

        assert (version.status, version.approved_by) == ("approved", made.user("hanna"))
        assert told(NoticeKind.PLAN_APPROVE) == []
        assert Approval.objects.filter(subject_id=version.pk).count() == 3

    def test_refuses_who_prepared_it_and_who_decided_a_step(self, made):
        with pytest.raises(DrafterCannotApprove):
            act(made, "maren")
        both = user_make(username="both", roles=[Role.EXECUTIVE, Role.FINANCE], since=START, by=None)
        made.users["both"] = both
        act(made, "both")
        with pytest.raises(ApproverDecidedAlready):
            act(made, "both")

    def test_counts_again_from_nothing_when_the_document_changes(self, made):
        act(made, "anders")
        changed = made.new.document | {"name": "Other"}
        services.version_redraft(
            version_id=made.new.pk, document=changed, by=made.user("maren"), at=timezone.now()
        )

        version = PlanVersion.objects.get(pk=made.new.pk)
        assert not version_progress(version=version, on=timezone.localdate()).begun


class TestVersionReturn:
    def test_opens_the_draft_again_and_takes_it_back_changed(self, made):
        act(made, "anders")
        with pytest.raises(ReasonMissing):
            act(made, "jonas", services.version_return, reason=" ")
        act(made, "jonas", services.version_return, reason="Too dear")

        assert Draft.objects.get(pk=made.draft.pk).status == DraftStatus.EDITING
        assert (told(NoticeKind.PLAN_APPROVE), told(NoticeKind.PLAN_RETURNED)) == ([], ["maren"])
        with pytest.raises(VersionReturned, match="Too dear"):
            act(made, "anders")

        services.draft_change(
            draft_id=made.draft.pk, edits=[set_at("/name", "Cheaper")], seen=0, by=made.user("maren"),
            at=timezone.now(),
        )  # fmt: skip
        again = _submitted(made)
        assert (again.pk, again.number, again.document["name"]) == (made.new.pk, 1, "Cheaper")
        assert told(NoticeKind.PLAN_APPROVE) == ["anders", "olga"]
        act(made, "anders")


class TestVersionDecide:
    def test_goes_from_the_first_step_to_published(self, made):
        for name in ("anders", "jonas", "hanna"):
            page = browser(made, name).get(url(made)).content.decode()
            assert "Approve this version" in page
            answer = browser(made, name).post(url(made), {"act": "approve", "comment": f"Seen by {name}"})
            assert answer.status_code == 302
        assert "Seen by jonas" in browser(made, "maren").get(url(made)).content.decode()

        answer = browser(made, "maren").post(url(made), {"act": "publish", "late": "The board met late"})

        assert answer.status_code == 302
        assert PlanVersion.objects.get(pk=made.new.pk).status == "published"

    def test_refuses_and_keeps_what_was_typed(self, made):
        answer = browser(made, "jonas").post(url(made), {"act": "approve", "comment": "Mine <first>"})
        assert answer.status_code == 422
        assert "You wrote: Mine &lt;first&gt;" in answer.content.decode()
        answer = browser(made, "anders").post(url(made), {"act": "return", "reason": " ", "comment": "Kept"})
        assert answer.status_code == 422
        assert "Kept" in answer.content.decode()
        answer = browser(made, "anders").post(url(made), {"act": "publish"})
        assert "not for you" in answer.content.decode()

    def test_is_not_there_for_kams_and_payees(self, made):
        for name in ("ingrid", "priya"):
            assert browser(made, name).get(url(made)).status_code == 404
            assert browser(made, name).post(url(made), {"act": "approve"}).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made):
        client, counts = browser(made, "jonas"), []
        for name in ("anders", "jonas"):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url(made)).status_code == 200
            counts.append(len(asked))
            act(made, name)
        assert counts[0] == counts[1] <= 12

    def test_withdraws_with_a_reason(self, made):
        assert browser(made, "maren").post(url(made), {"act": "withdraw"}).status_code == 422
        browser(made, "maren").post(url(made), {"act": "withdraw", "why": "Another plan took its place"})
        assert PlanVersion.objects.get(pk=made.new.pk).status == "withdrawn"


class TestNextYear:
    def test_is_a_change_until_the_same_last_day_from_a_day_within(self):
        from datetime import date

        document = {"effective": {"from": "2026-01-01", "to": "2026-12-31"}, "name": "Growth 2026"}

        changed = next_year(document, first=date(2026, 7, 1))
        following = next_year(document)

        assert (changed["effective"], changed["name"]) == (
            {"from": "2026-07-01", "to": "2026-12-31"}, "Growth 2026",
        )  # fmt: skip
        assert following["effective"] == {"from": "2027-01-01", "to": "2027-12-31"}
