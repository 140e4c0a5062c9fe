"""A plan over REST: drafted, changed over what was seen alone, handed in, approved by another, published."""

import pytest

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Finding
from plans.choices import PlanType
from plans.templates_library import plan_template

pytestmark = pytest.mark.django_db
RENAMED = {"edits": [{"kind": "set", "at": "/name", "value": "Growth 2027"}]}


def document():
    return plan_template(plan_type=PlanType.TEAM_PERFORMANCE) | {"code": "NEW-2027"}


@pytest.fixture
def maren(caller):
    return caller("maren")


@pytest.fixture
def begun(maren, made):
    answer = maren.post("drafts", {"document": document(), "calendar": made.first.calendar.code})
    assert answer.status_code == 201, answer.json()
    return f"drafts/{answer.json()['id']}", answer.headers["ETag"]


class TestDraft:
    def test_is_changed_over_what_was_seen_alone(self, maren, begun):
        path, seen = begun

        unseen = maren.ask("patch", path, RENAMED)
        changed = maren.ask("patch", path, RENAMED, if_match=seen)
        late = maren.ask("patch", path, RENAMED, if_match=seen)
        undone = maren.post(f"{path}:undo", if_match=changed.headers["ETag"])

        assert unseen.status_code == 428
        assert (changed.status_code, changed.json()["step"], changed.json()["name"]) == (
            200,
            1,
            "Growth 2027",
        )
        assert (late.status_code, late.json()["current"]["step"]) == (412, 1)
        assert (undone.json()["step"], undone.json()["document"]["name"]) == (2, document()["name"])

    def test_says_where_a_document_departs(self, maren, begun):
        path, seen = begun

        answer = maren.ask("put", path, {"document": {**document(), "type": "none"}}, if_match=seen)
        shapeless = maren.ask("put", path, {"document": []}, if_match=seen)

        assert (answer.status_code, answer.json()["code"]) == (422, "document_invalid")
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/document/type"]
        assert (shapeless.status_code, shapeless.json()["errors"][0]["pointer"]) == (400, "/document")
        assert maren.get(path).json()["step"] == 0

    def test_is_put_aside_and_taken_up_again(self, maren, begun):
        path, seen = begun

        aside = maren.post(f"{path}:discard", if_match=seen)
        refused = maren.ask("patch", path, RENAMED, if_match=aside.headers["ETag"])
        again = maren.post(f"{path}:resume", if_match=aside.headers["ETag"])

        assert (aside.json()["status"], again.json()["status"]) == ("discarded", "editing")
        assert (refused.status_code, refused.json()["code"]) == (409, "draft_not_open")

    def test_has_no_place_at_a_step_that_is_no_position(self, maren, begun):
        path, seen = begun
        edits = [{"kind": "remove", "at": "/incentive/children/²"}]

        answer = maren.ask("patch", path, {"edits": edits}, if_match=seen)

        assert (answer.status_code, answer.json()["code"]) == (422, "place_unknown")

    def test_is_begun_in_a_calendar_there_is_by_who_designs(self, caller, maren, made):
        asked = {"document": document(), "calendar": "cal_none"}

        unknown = maren.post("drafts", asked).json()

        assert (unknown["code"], unknown["errors"][0]["pointer"]) == ("calendar_unknown", "/calendar")
        assert maren.post("drafts", {"document": document()}).json()["code"] == "calendar_missing"
        asked["calendar"] = made.first.calendar.code
        assert caller("jonas").post("drafts", asked).json()["code"] == "role_missing"


class TestVersion:
    @pytest.fixture
    def version(self, maren, begun):
        """Hand the draft in, and let stand what would block it."""
        path, seen = begun
        answer = maren.post(f"{path}:submit", if_match=seen)
        assert answer.headers["Location"] == f"/api/v1/versions/{answer.json()['id']}"
        Finding.objects.filter(subject_table="plans_planversion", severity="blocks").update(
            status=FindingStatus.WAIVED, settled_reason="tried"
        )
        return f"versions/{answer.json()['id']}", answer.headers["ETag"]

    def test_is_approved_by_another_over_what_they_saw_and_published(self, caller, maren, version):
        path, seen = version
        anders = caller("anders")
        own = maren.post(f"{path}:approve", if_match=seen)
        unseen = anders.post(f"{path}:approve")

        approved = anders.post(f"{path}:approve", {"comment": "Fits"}, if_match=seen)
        etag = approved.headers["ETag"]
        by_finance = caller("jonas").post(f"{path}:publish", if_match=etag)
        published = maren.post(f"{path}:publish", if_match=etag)
        again = maren.post(f"{path}:publish", if_match=published.headers["ETag"])

        assert (own.status_code, own.json()["code"]) == (403, "drafter_cannot_approve")
        assert unseen.status_code == 428
        assert approved.json()["status"] == "approved", approved.json()
        assert (by_finance.status_code, by_finance.json()["code"]) == (403, "role_missing")
        assert published.json()["status"] == "published", published.json()
        assert (again.status_code, again.json()["code"]) == (409, "version_not_approved")

    def test_is_sent_back_and_withdrawn_with_a_reason(self, caller, maren, version):
        path, seen = version
        silent = caller("anders").post(f"{path}:return", if_match=seen)
        returned = caller("anders").post(f"{path}:return", {"reason": "Too low"}, if_match=seen)

        withdrawn = maren.post(
            f"{path}:withdraw", {"reason": "Another one"}, if_match=returned.headers["ETag"]
        )

        assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (400, "/reason")
        assert maren.rows("drafts?status=editing")[0]["version_id"] is None
        assert withdrawn.json()["status"] == "withdrawn", withdrawn.json()


class TestCurves:
    CURVE = {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "1.50", "2.00"]]}

    def test_say_what_readings_earn_and_on_which_part(self, caller):
        asked = {"curve": self.CURVE, "readings": ["0.79", "0.90", "1.20", "1.5", "9"]}

        values = caller("sofia").post("curves:evaluate", asked).json()["values"]

        assert [each["value"] for each in values] == ["0", "0.75", "1.2", "2", "2"]
        assert values[1]["because"] == "between 80% and 100%"

    @pytest.mark.parametrize(
        ("said", "status", "pointer"),
        [
            ({"points": [["1.0", "1.0"], ["0.8", "0.5"]]}, 422, "/curve/points/1"),
            ({"points": []}, 422, "/curve/points"),
            ({"slopes": [], "through": ["1", "1"]}, 422, "/curve/slopes"),
            ({"points": [["1e5", "1.0"]]}, 422, "/curve/points/0/0"),
            ({"points": [["1", "1"]], "above": "extend"}, 422, "/curve/above"),
            ({"points": [["1", "1"]] * 101}, 422, "/curve/points"),
            ({"slopes": [[]] * 101, "through": ["1", "1"]}, 422, "/curve/slopes"),
            ([], 400, "/curve"),
        ],
    )
    def test_name_the_place_of_what_is_wrong(self, caller, said, status, pointer):
        answer = caller("sofia").post("curves:evaluate", {"curve": said, "readings": ["1"]})

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
