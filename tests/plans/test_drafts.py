"""Working drafts: changed in steps, undone and redone, merged or refused where two change one place, submitted."""

from datetime import UTC, date, datetime

import pytest

from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from plans import services
from plans.choices import DraftStatus, PlanType, VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.edits import add_at, remove_at, set_at
from plans.models import Draft, DraftStep, Plan
from plans.services.drafts import (
    CalendarMissing,
    DraftChanged,
    DraftNotOpen,
    NothingChanged,
    NothingToUndo,
    StepOfAnother,
    document_at,
)
from plans.services.versions import DocumentOfAnotherPlan, PlanExists
from plans.templates_library import plan_template
from tests.laws import rows
from tests.plans.test_versions import document

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
WEIGHT, NAME = "/incentive/children/0/weight", "/name"


def holder(role):
    return user_make(username=f"user-{next(rows.NUMBERS)}", roles=[role], since=date(2020, 1, 1), by=None)


def designer():
    return holder(Role.COMP_ADMIN)


@pytest.fixture
def maren():
    return designer()


@pytest.fixture
def draft(maren):
    return services.draft_begin(document=document(), calendar=rows.calendar(), by=maren, at=AT)


def change(draft, by, *edits, seen=None):
    return services.draft_change(
        draft_id=draft.pk, edits=edits, seen=draft.step if seen is None else seen, by=by, at=AT
    )


class TestDraftBegin:
    def test_writes_every_convention_out(self, draft):
        goal = draft.document["incentive"]["children"][0]

        assert (goal["curve"]["below"], goal["missing"]) == ("zero", "block")
        assert draft.status == DraftStatus.EDITING

    def test_takes_every_template(self, maren):
        for plan_type in PlanType.values:
            made = services.draft_begin(
                document=plan_template(plan_type=plan_type), calendar=rows.calendar(), by=maren, at=AT
            )
            assert made.document["type"] == plan_type

    def test_is_for_who_designs_plans(self):
        with pytest.raises(RoleMissing):
            services.draft_begin(
                document=document(), calendar=rows.calendar(), by=holder(Role.FINANCE), at=AT
            )

    def test_is_of_its_plan_or_of_a_new_one(self, maren):
        plan = rows.plan(code="GAG", plan_type="team_performance")

        with pytest.raises(PlanExists):
            services.draft_begin(document=document(), calendar=rows.calendar(), by=maren, at=AT)
        with pytest.raises(DocumentOfAnotherPlan):
            services.draft_begin(document=document(code="OTHER"), plan=plan, by=maren, at=AT)
        with pytest.raises(CalendarMissing):
            services.draft_begin(document=document(code="OTHER"), by=maren, at=AT)
        assert services.draft_begin(document=document(), plan=plan, by=maren, at=AT).calendar == plan.calendar


class TestDraftChange:
    def test_keeps_each_change_as_a_step(self, draft, maren):
        changed = change(draft, maren, set_at(WEIGHT, "0.90"), set_at(NAME, "Growth"))

        assert (changed.step, changed.name) == (1, "Growth")
        assert DraftStep.objects.get().edits[0] == {"kind": "set", "at": WEIGHT, "value": "0.90"}

    def test_refuses_what_the_language_does_not_know_with_its_place(self, draft, maren):
        with pytest.raises(DocumentInvalid, match="/incentive/children/0/curve/shape"):
            change(draft, maren, set_at("/incentive/children/0/curve/shape", "wavy"))
        with pytest.raises(DocumentInvalid, match="/incentive/children/0/curve"):
            change(draft, maren, remove_at("/incentive/children/0/curve"))
        draft.refresh_from_db()
        assert draft.step == 0

    def test_keeps_what_does_not_hold_yet(self, draft, maren):
        assert (
            change(draft, maren, set_at(WEIGHT, "0.50")).document["incentive"]["children"][0]["weight"]
            == "0.50"
        )
        with pytest.raises(DocumentInvalid, match="sum"):
            services.draft_submit(draft_id=draft.pk, seen=1, by=maren, at=AT)

    def test_is_refused_if_it_changes_nothing(self, draft, maren):
        with pytest.raises(NothingChanged):
            change(draft, maren, set_at(NAME, draft.document["name"]))

    def test_merges_by_itself_with_changes_elsewhere(self, draft, maren):
        change(draft, maren, set_at(NAME, "Growth"))

        merged = change(draft, designer(), set_at(WEIGHT, "0.90"), seen=0)

        assert (merged.document["name"], merged.step) == ("Growth", 2)

    def test_is_refused_where_somebody_changed_the_same_place(self, draft, maren):
        change(draft, maren, set_at(WEIGHT, "0.90"))

        with pytest.raises(DraftChanged) as refused:
            change(draft, designer(), set_at(WEIGHT, "0.80"), seen=0)

        assert refused.value.places == (WEIGHT,)
        assert document_at(draft=Draft.objects.get(), seen=0)["incentive"]["children"][0]["weight"] == "1.00"


class TestDraftUndo:
    def test_takes_steps_back_one_by_one_and_makes_them_again(self, draft, maren):
        before = draft.document
        goal = {**before["incentive"]["children"][0], "code": "NEW"}
        one = change(draft, maren, add_at("/incentive/children/-", goal)).document
        two = change(Draft.objects.get(), maren, remove_at("/incentive/children/0")).document

        undo, redo = services.draft_undo, services.draft_redo
        acts = [(undo, one), (undo, before), (redo, one), (undo, before), (redo, one), (redo, two)]
        for act, expected in acts:
            assert act(draft_id=draft.pk, by=maren, at=AT).document == expected
        with pytest.raises(NothingToUndo):
            redo(draft_id=draft.pk, by=maren, at=AT)

    def test_forgets_what_was_taken_back_once_something_else_is_changed(self, draft, maren):
        change(draft, maren, set_at(NAME, "A"))
        undone = services.draft_undo(draft_id=draft.pk, by=maren, at=AT)
        change(undone, maren, set_at(NAME, "B"))

        with pytest.raises(NothingToUndo):
            services.draft_redo(draft_id=draft.pk, by=maren, at=AT)
        services.draft_undo(draft_id=draft.pk, by=maren, at=AT)
        with pytest.raises(NothingToUndo):
            services.draft_undo(draft_id=draft.pk, by=maren, at=AT)

    def test_is_of_ones_own_steps_and_says_whose_the_others_are(self, draft, maren):
        other = designer()
        change(draft, maren, set_at(NAME, "Mine"))
        change(Draft.objects.get(), other, set_at("/strategy", "grow"))

        undone = services.draft_undo(draft_id=draft.pk, by=maren, at=AT)
        assert (undone.document["name"], undone.document["strategy"]) == (document()["name"], "grow")
        with pytest.raises(StepOfAnother, match=f"The last step is {other.username}'s"):
            services.draft_undo(draft_id=draft.pk, by=maren, at=AT)
        with pytest.raises(StepOfAnother):
            services.draft_redo(draft_id=draft.pk, by=other, at=AT)
        assert services.draft_redo(draft_id=draft.pk, by=maren, at=AT).document["name"] == "Mine"

    def test_is_refused_where_somebody_changed_the_same_place_since(self, draft, maren):
        other = designer()
        change(draft, maren, set_at(NAME, "Mine"))
        change(Draft.objects.get(), other, set_at(NAME, "Theirs"))

        with pytest.raises(StepOfAnother, match="changed the same place after your last step"):
            services.draft_undo(draft_id=draft.pk, by=maren, at=AT)


class TestDraftDiscard:
    def test_puts_it_aside_until_it_is_taken_up_again(self, draft, maren):
        services.draft_discard(draft_id=draft.pk, by=maren, at=AT)

        with pytest.raises(DraftNotOpen):
            change(draft, maren, set_at(NAME, "A"))
        services.draft_resume(draft_id=draft.pk, by=maren, at=AT)
        assert change(draft, maren, set_at(NAME, "A")).name == "A"
        with pytest.raises(DraftNotOpen):
            services.draft_resume(draft_id=draft.pk, by=maren, at=AT)


class TestDraftSubmit:
    def test_makes_a_version_of_its_id_for_a_second_person(self, draft, maren):
        version = services.draft_submit(draft_id=draft.pk, seen=0, by=maren, at=AT)

        assert (version.pk, version.status, version.number) == (draft.pk, VersionStatus.DRAFT, 1)
        assert version.document == draft.document
        assert Plan.objects.get().code == "GAG"
        with pytest.raises(DraftNotOpen):
            change(draft, maren, set_at(NAME, "A"))

    def test_is_the_next_version_of_a_plan(self, maren):
        first = rows.version(plan=rows.plan(code="GAG", plan_type="team_performance"))
        made = services.draft_begin(document=document(), plan=first.plan, based_on=first, by=maren, at=AT)

        version = services.draft_submit(draft_id=made.pk, seen=0, by=maren, at=AT)

        assert (version.plan, version.number > 1) == (first.plan, True)

    def test_is_of_what_was_seen(self, draft, maren):
        change(draft, maren, set_at(NAME, "A"))

        with pytest.raises(DraftChanged):
            services.draft_submit(draft_id=draft.pk, seen=0, by=maren, at=AT)
