"""Plan versions: drafted, approved by a second person, published, superseded, withdrawn; people on them."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.selectors import RoleMissing
from plans import services
from plans.choices import Loading, PlanType, VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import canonical_bytes, plan_digest, plan_from_document
from plans.models import Plan, PlanVersion
from plans.selectors import VersionUnknown, version_in_force, version_state
from plans.services.assignments import AssignedAlready, NotInForce, ShareOutOfRange
from plans.services.history import ProgrammeIsLive
from plans.services.versions import (
    DaysLocked,
    DocumentChanged,
    DocumentOfAnotherPlan,
    DrafterCannotApprove,
    InForceAlready,
    PlanExists,
    PublishedLate,
    ReasonMissing,
    VersionNotApproved,
    VersionNotDraft,
    VersionsOverlap,
)
from tests.laws import rows

pytestmark = pytest.mark.django_db
BEFORE = datetime(2025, 12, 1, 9, tzinfo=UTC)


def document(code="GAG", *, first="2026-01-01", last="2026-12-31"):
    """Return a plan document as somebody would write it, defaults left out."""
    return {
        "format": "kamcomp.plan/1",
        "code": code,
        "name": "Global Accounts Growth",
        "type": "team_performance",
        "currency": "EUR",
        "effective": {"from": first, "to": last},
        "period": "quarter",
        "incentive": {
            "children": [
                {
                    "code": "REV",
                    "name": "Revenue",
                    "kind": "goal",
                    "weight": "1.00",
                    "level": "team",
                    "metric": "M01",
                    "behaviour": "Grow the account",
                    "curve": {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]]},
                }
            ]
        },
    }


@pytest.fixture
def plan():
    return services.plan_make(
        code="GAG",
        name="Growth",
        plan_type=PlanType.TEAM_PERFORMANCE,
        calendar=rows.calendar(),
        by=rows.user(),
    )


def drafted(plan, **dates):
    return services.version_draft(plan=plan, document=document(plan.code, **dates), by=rows.user(), at=BEFORE)


def approved(plan, **dates):
    version = rows.simulated(drafted(plan, **dates))
    return services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)


def published(plan, *, at=BEFORE, **dates):
    return services.version_publish(version_id=approved(plan, **dates).pk, by=rows.designer(), at=at)


class TestPlanMake:
    def test_refuses_a_code_twice(self, plan):
        with pytest.raises(PlanExists, match="draft its next version"):
            services.plan_make(
                code="GAG", name="x", plan_type=PlanType.HYBRID, calendar=plan.calendar, by=rows.user()
            )


class TestVersionDraft:
    def test_keeps_the_document_whole_through_the_database(self, plan):
        version = PlanVersion.objects.get(pk=drafted(plan).pk)

        again = plan_from_document(version.document)
        assert plan_digest(again) == version.digest == plan_digest(plan_from_document(document()))
        assert canonical_bytes(version.document) == canonical_bytes(json.loads(json.dumps(version.document)))
        assert version.document["proration"]["basis"] == "calendar_days"

    def test_takes_its_days_and_currency_from_the_document(self, plan):
        version = drafted(plan)

        assert (version.number, version.currency) == (1, "EUR")
        assert (version.span.since, version.span.last) == (date(2026, 1, 1), date(2026, 12, 31))

    def test_refuses_a_document_that_does_not_hold_by_place(self, plan):
        broken = document()
        broken["incentive"]["children"][0]["weight"] = "0.90"

        with pytest.raises(DocumentInvalid, match="weight"):
            services.version_draft(plan=plan, document=broken, by=rows.user(), at=BEFORE)

    def test_refuses_the_document_of_another_plan(self, plan):
        with pytest.raises(DocumentOfAnotherPlan, match="is of OTHER"):
            services.version_draft(plan=plan, document=document("OTHER"), by=rows.user(), at=BEFORE)

    def test_is_replaced_while_it_is_a_draft(self, plan):
        version, somebody = drafted(plan), rows.user()

        changed = services.version_redraft(
            version_id=version.pk, document=document(last="2026-06-30"), by=somebody, at=BEFORE
        )

        assert (changed.span.last, changed.prepared_by) == (date(2026, 6, 30), somebody)
        assert changed.digest != version.digest
        with pytest.raises(VersionNotDraft, match="draft the next version"):
            services.version_redraft(
                version_id=approved(plan).pk, document=document(), by=somebody, at=BEFORE
            )


class TestVersionApprove:
    def test_takes_a_second_person(self, plan):
        version = drafted(plan)

        with pytest.raises(DrafterCannotApprove, match="a second person approves it"):
            services.version_approve(version_id=version.pk, by=version.prepared_by, at=BEFORE)

    def test_takes_a_role_that_approves_plans(self, plan):
        version, somebody = drafted(plan), rows.user()

        with pytest.raises(
            RoleMissing, match="Approving a plan is for Compensation admin or Finance or Executive"
        ):
            services.version_approve(version_id=version.pk, by=somebody, at=BEFORE)

    def test_is_bound_to_the_document(self, plan):
        version = approved(plan)

        approval = Approval.objects.get(subject_id=version.pk)
        assert (approval.digest, approval.decided_by) == (version.digest, version.approved_by)

    def test_refuses_a_document_changed_behind_its_digest(self, plan):
        version = drafted(plan)
        changed = copy.deepcopy(version.document)
        changed["incentive"]["children"][0]["curve"]["points"][0][1] = "0.90"
        PlanVersion.objects.filter(pk=version.pk).update(document=changed)

        with pytest.raises(DocumentChanged, match="not what its digest says"):
            services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)

    def test_says_in_the_trail_who_did_it(self, plan):
        version = approved(plan)

        entry = AuditEvent.objects.filter(subject_id=str(version.pk), operation="update").get()
        assert (entry.action, entry.user_id) == ("version_approve", version.approved_by_id)


class TestVersionPublish:
    def test_refuses_a_draft(self, plan):
        with pytest.raises(VersionNotApproved, match="approve it first"):
            services.version_publish(version_id=drafted(plan).pk, by=rows.designer(), at=BEFORE)

    def test_refuses_what_nobody_approved_as_it_stands(self, plan):
        version = drafted(plan)
        PlanVersion.objects.filter(pk=version.pk).update(
            status=VersionStatus.APPROVED, approved_by=rows.user(), approved_at=BEFORE
        )

        with pytest.raises(DocumentChanged, match="Nobody approved"):
            services.version_publish(version_id=version.pk, by=rows.designer(), at=BEFORE)

    def test_takes_a_role_that_designs_plans(self, plan):
        version, somebody = approved(plan), rows.approver()

        with pytest.raises(RoleMissing, match="Publishing a plan is for Compensation admin"):
            services.version_publish(version_id=version.pk, by=somebody, at=BEFORE)
        with pytest.raises(RoleMissing, match="Withdrawing a plan is for Compensation admin"):
            services.version_withdraw(version_id=version.pk, by=somebody, at=BEFORE, reason="wrong curve")

    def test_refuses_to_be_late_without_a_reason(self, plan):
        version, late = approved(plan), BEFORE + timedelta(days=31)

        with pytest.raises(PublishedLate, match="say why it is published late"):
            services.version_publish(version_id=version.pk, by=rows.designer(), at=late)
        services.version_publish(
            version_id=version.pk, by=rows.designer(), at=late, late_reason="the board met late"
        )

        kept = Finding.objects.get(subject_id=str(version.pk), rule="published_late")
        assert kept.message == "the board met late"

    def test_refuses_days_of_a_locked_period(self, plan):
        version = approved(plan)
        rows.period_lock(rows.period(calendar=plan.calendar))

        with pytest.raises(DaysLocked, match="begin on 2026-04-01 or later"):
            services.version_publish(version_id=version.pk, by=rows.designer(), at=BEFORE)

    def test_ends_the_version_before_and_takes_its_people_over(self, plan):
        first, person = published(plan), rows.person()
        services.assignment_make(
            person=person, plan=plan, since=date(2026, 1, 1), parameters={"rate": "0.02"}, by=rows.user()
        )

        second = published(plan, first="2026-07-01")

        first.refresh_from_db()
        before, after = person.assignments.order_by("valid")
        assert (first.span.last, second.span.since) == (date(2026, 6, 30), date(2026, 7, 1))
        assert (before.plan_version, before.span.last) == (first, date(2026, 6, 30))
        assert (after.plan_version, after.span.last, after.parameters) == (
            second,
            date(2026, 12, 31),
            {"rate": "0.02"},
        )
        assert version_state(version=first, on=date(2026, 8, 1)) == "superseded"
        assert version_in_force(plan=plan, on=date(2026, 8, 1)) == second

    def test_refuses_to_take_the_place_of_a_version_that_begins_later(self, plan):
        published(plan, first="2026-07-01")

        with pytest.raises(VersionsOverlap):
            published(plan)


class TestVersionWithdraw:
    def test_is_for_versions_not_in_force_yet(self, plan):
        year = timezone.now().date().year + 1
        version = published(plan, first=f"{year}-01-01", last=f"{year}-12-31")

        withdrawn = services.version_withdraw(
            version_id=version.pk, by=rows.designer(), at=BEFORE, reason="wrong curve"
        )

        assert withdrawn.status == VersionStatus.WITHDRAWN
        with pytest.raises(VersionUnknown):
            version_in_force(plan=plan, on=date(year, 2, 1))

    def test_refuses_one_in_force_or_with_people_on_it(self, plan):
        version = published(plan)

        with pytest.raises(InForceAlready, match="publish the next version"):
            services.version_withdraw(
                version_id=version.pk,
                by=rows.designer(),
                at=BEFORE + timedelta(days=60),
                reason="wrong curve",
            )
        services.assignment_make(person=rows.person(), plan=plan, since=date(2026, 1, 1), by=rows.user())
        with pytest.raises(InForceAlready, match="people are on it"):
            services.version_withdraw(
                version_id=version.pk, by=rows.designer(), at=BEFORE, reason="wrong curve"
            )

    def test_asks_why(self, plan):
        with pytest.raises(ReasonMissing):
            services.version_withdraw(version_id=drafted(plan).pk, by=rows.designer(), at=BEFORE, reason=" ")


class TestHistoryLoad:
    YEARS = [document(first=f"{year}-01-01", last=f"{year}-12-31") for year in (2024, 2023)]

    def load(self, plan, **changes):
        values = {
            "plan": plan,
            "documents": self.YEARS,
            "reason": "the programme began in 2023",
            "prepared_by": rows.user(),
            "by": rows.approver(),
            "at": BEFORE,
        }
        return services.history_load(**{**values, **changes})

    def test_publishes_past_versions_at_their_own_dates(self, plan):
        versions = self.load(plan)

        assert [version.span.since.year for version in versions] == [2023, 2024]
        assert {version.status for version in versions} == {VersionStatus.PUBLISHED}
        assert {version.loading for version in versions} == {Loading.HISTORY}
        assert {version.loading_reason for version in versions} == {"the programme began in 2023"}

    def test_records_what_a_live_version_would_be_refused_for(self, plan):
        versions = self.load(plan)

        rules = Finding.objects.filter(subject_id=str(versions[0].pk)).values_list("rule", flat=True)
        assert set(rules) >= {"published_late", "not_accepted", "not_replayed"}

    def test_takes_a_second_person_and_a_reason(self, plan):
        somebody = rows.user()
        with pytest.raises(DrafterCannotApprove):
            self.load(plan, prepared_by=somebody, by=somebody)
        with pytest.raises(ReasonMissing):
            self.load(plan, reason="")

    def test_is_refused_once_a_period_is_locked(self, plan):
        rows.period_lock(rows.period(calendar=plan.calendar))

        with pytest.raises(ProgrammeIsLive, match="the programme is live"):
            self.load(plan)

    def test_loads_all_or_nothing(self, plan):
        with pytest.raises(DocumentInvalid):
            self.load(plan, documents=[self.YEARS[0], {**self.YEARS[1], "currency": "euro"}])

        assert plan.versions.count() == 0


class TestAssignmentMake:
    def test_follows_the_versions_in_force(self, plan):
        published(plan)
        published(plan, first="2027-01-01", last="2027-12-31")

        made = services.assignment_make(
            person=rows.person(), plan=plan, since=date(2026, 10, 1), by=rows.user()
        )

        assert [(part.span.since, part.span.last) for part in made] == [
            (date(2026, 10, 1), date(2026, 12, 31)),
            (date(2027, 1, 1), date(2027, 12, 31)),
        ]

    @pytest.mark.parametrize(
        ("since", "last_day", "missing"),
        [
            (date(2025, 12, 31), None, "2025-12-31"),
            (date(2026, 12, 1), date(2027, 1, 1), "2027-01-01"),
            (date(2028, 1, 1), None, "2028-01-01"),
        ],
    )
    def test_refuses_a_day_without_a_version(self, plan, since, last_day, missing):
        published(plan)

        with pytest.raises(NotInForce, match=f"in force on {missing}"):
            services.assignment_make(
                person=rows.person(), plan=plan, since=since, last_day=last_day, by=rows.user()
            )

    def test_refuses_a_person_twice(self, plan):
        published(plan)
        person = rows.person()
        services.assignment_make(person=person, plan=plan, since=date(2026, 1, 1), by=rows.user())

        with pytest.raises(AssignedAlready, match="end that assignment first"):
            services.assignment_make(person=person, plan=plan, since=date(2026, 6, 1), by=rows.user())

    def test_refuses_more_than_a_whole(self, plan):
        published(plan)

        with pytest.raises(ShareOutOfRange):
            services.assignment_make(
                person=rows.person(), plan=plan, since=date(2026, 1, 1), share=Decimal("1.01"), by=rows.user()
            )

    def test_ends_after_its_last_day(self, plan):
        published(plan)
        (made,) = services.assignment_make(
            person=rows.person(), plan=plan, since=date(2026, 1, 1), by=rows.user()
        )

        ended = services.assignment_end(assignment_id=made.pk, last_day=date(2026, 3, 31), by=rows.user())

        assert ended.span.last == date(2026, 3, 31)


class TestPlansCommand:
    def test_takes_a_document_from_draft_to_published_and_out_again(self, tmp_path, capsys):
        drafter, approver, calendar = rows.designer(), rows.approver(), rows.calendar()
        year = timezone.now().date().year + 1
        said = document(first=f"{year}-01-01", last=f"{year}-12-31")
        file, out = tmp_path / "plan.json", tmp_path / "out.json"
        file.write_text(json.dumps(said))

        call_command("plans", "import", str(file), "--calendar", calendar.code, "--by", drafter.username)
        with pytest.raises(CommandError, match="a second person approves it"):
            call_command("plans", "approve", "GAG", "--by", drafter.username)
        with pytest.raises(CommandError, match="0 scenarios simulated, and no past to replay"):
            call_command("plans", "approve", "GAG", "--by", approver.username)
        call_command("payouts", "simulate", "GAG", "--keep", "First look", "--by", drafter.username)
        call_command("plans", "approve", "GAG", "--by", approver.username)
        call_command("plans", "publish", "GAG", "--by", drafter.username)
        call_command("plans", "export", "GAG", "--to", str(out))
        call_command("plans", "list")

        assert PlanVersion.objects.get().status == VersionStatus.PUBLISHED
        assert plan_digest(plan_from_document(json.loads(out.read_text()))) == plan_digest(
            plan_from_document(said)
        )

    def test_leaves_no_plan_behind_when_the_document_does_not_hold(self, tmp_path):
        file, calendar = tmp_path / "plan.json", rows.calendar()
        file.write_text(json.dumps({**document(), "currency": 7}))

        with pytest.raises(CommandError, match="/currency"):
            call_command(
                "plans", "import", str(file), "--calendar", calendar.code, "--by", rows.user().username
            )

        assert not Plan.objects.exists()

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"code": "A", "code": "B"}', "9" * 5_000, "[]", ""])
    def test_says_what_is_no_document(self, tmp_path, text):
        (tmp_path / "plan.json").write_text(text)

        with pytest.raises(CommandError, match=r"plan\.json (is|has|holds) "):
            call_command("plans", "import", str(tmp_path / "plan.json"), "--by", rows.user().username)

    def test_names_the_place_of_a_mistake(self, tmp_path):
        file = tmp_path / "plan.json"
        file.write_text(json.dumps({**document(), "currency": 7}))

        with pytest.raises(CommandError, match="/currency"):
            call_command(
                "plans", "import", str(file), "--calendar", rows.calendar().code, "--by", rows.user().username
            )
