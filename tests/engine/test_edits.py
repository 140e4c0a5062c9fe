"""Edits of a plan document: made, taken back exactly, and told apart by the places they touch."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.engine.conventions import PlanType
from plans.engine.document import written_out
from plans.engine.edits import (
    EditUnreadable,
    PlaceUnknown,
    add_at,
    edited,
    edits_read,
    edits_written,
    move_to,
    remove_at,
    set_at,
    touches,
)
from plans.templates_library import plan_template

TEAM = written_out(plan_template(plan_type=PlanType.TEAM_PERFORMANCE))
CHILDREN = "/incentive/children/0/children"
values = st.one_of(st.text(max_size=4), st.none(), st.lists(st.text(max_size=2), max_size=2))


@st.composite
def places(draw):
    """Return a place of the document, of a list with whether it is one."""
    place, at = TEAM, ""
    for _depth in range(draw(st.integers(1, 6))):
        if isinstance(place, dict) and place:
            step = draw(st.sampled_from(sorted(place)))
            at, place = f"{at}/{step}", place[step]
        elif isinstance(place, list) and place:
            step = draw(st.integers(0, len(place) - 1))
            at, place = f"{at}/{step}", place[step]
    return at


class TestEdited:
    @given(at=places(), value=values)
    def test_is_taken_back_exactly(self, at, value):
        in_list = at.rpartition("/")[2].isdigit()
        edits = [set_at(at, value), remove_at(at)] + ([add_at(at, value), move_to(at, at)] if in_list else [])

        changed, back = edited(document=TEAM, edits=edits)
        again, _there = edited(document=changed, edits=back)

        assert again == TEAM

    def test_leaves_the_document_it_was_given(self):
        before = copy.deepcopy(TEAM)

        edited(document=TEAM, edits=[set_at("/pay/base_share", "0.75"), remove_at(f"{CHILDREN}/0")])

        assert before == TEAM

    def test_sets_adds_removes_and_moves(self):
        goal = {**TEAM["incentive"]["children"][0]["children"][0], "code": "NEW"}

        changed, back = edited(
            document=TEAM,
            edits=[
                set_at("/pay/base_share", "0.75"),
                add_at(f"{CHILDREN}/-", goal),
                move_to(f"{CHILDREN}/3", f"{CHILDREN}/0"),
                remove_at(f"{CHILDREN}/1"),
            ],
        )

        codes = [child["code"] for child in changed["incentive"]["children"][0]["children"]]
        assert codes == ["NEW", "CONTRIBUTION", "SATISFACTION"]
        assert changed["pay"]["base_share"] == "0.75"
        assert edited(document=changed, edits=back)[0] == TEAM

    def test_makes_the_part_that_a_value_stands_in(self):
        changed, back = edited(document=TEAM, edits=[set_at("/payment/holdback/share", "0.1")])

        assert changed["payment"]["holdback"] == {"share": "0.1"}
        assert edited(document=changed, edits=back)[0] == TEAM

    @pytest.mark.parametrize(
        "edit",
        [
            set_at(f"{CHILDREN}/9/weight", "0.1"),
            remove_at(f"{CHILDREN}/9"),
            add_at(f"{CHILDREN}/9", {}),
            add_at("/pay/base_share", "1"),
            set_at("/name/x/y", "1"),
            move_to("/pay/base_share", "/pay/elements/0"),
            remove_at(""),
        ],
    )
    def test_names_a_place_that_is_not_there(self, edit):
        with pytest.raises(PlaceUnknown):
            edited(document=TEAM, edits=[edit])


class TestEditsRead:
    def test_gives_back_what_was_written(self):
        edits = (set_at("/a", "1"), add_at("/b/-", {"c": None}), remove_at("/d"), move_to("/e/0", "/e/1"))

        assert edits_read(json.loads(json.dumps(edits_written(edits)))) == edits

    @pytest.mark.parametrize(
        "row", [7, {}, {"kind": "eat", "at": "/a"}, {"kind": "set", "at": "a", "value": 1}, {"kind": "set", "at": ""},
                {"kind": "remove", "at": "/a", "value": 1}, {"kind": "move", "at": "/a"}],
    )  # fmt: skip
    def test_refuses_what_is_no_edit(self, row):
        with pytest.raises(EditUnreadable):
            edits_read([row])


class TestTouches:
    def test_is_at_in_or_around_a_place(self):
        weight = set_at(f"{CHILDREN}/0/weight", "0.3")

        assert touches([weight], [weight]) == (f"{CHILDREN}/0/weight",)
        assert touches([weight], [remove_at(f"{CHILDREN}/1")]) == (f"{CHILDREN}/0/weight",)
        assert touches([weight], [set_at("", {})])
        assert touches([weight], [set_at(f"{CHILDREN}/1/weight", "0.3")]) == ()
        assert touches([set_at("/pay/base_share", "1")], [set_at("/pay/elements", [])]) == ()
