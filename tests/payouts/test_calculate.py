"""The calculator's two doors: the command line and the REST endpoint answer the same, and refuse by name."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from payouts.engine.calculator import calculate
from payouts.intake.cases import CaseFileUnreadable, case_read
from plans.engine.codec import DocumentInvalid

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "cases"


def answered(*arguments: str) -> dict:
    out = io.StringIO()
    call_command("calculate", *arguments, stdout=out)
    return json.loads(out.getvalue())


class TestCalculateCommand:
    def test_answers_a_case_file(self):
        answer = answered(str(GOLDEN / "tiers-marginal.json"))

        assert answer["payouts"][0]["people"][0]["payout"] == "23500.00"

    def test_explains_each_figure_when_asked(self):
        person = answered(str(GOLDEN / "tiers-marginal.json"), "--explain")["payouts"][0]["people"][0]

        assert person["trace"][0]["name"] == "stint kam/1"
        assert person["trace"][-1] == {
            "name": "payable", "value": "23500.00", "unit": "EUR", "because": "paid now",
        }  # fmt: skip

    def test_names_the_place_of_an_error(self, tmp_path):
        case = case_read(path=GOLDEN / "tiers-marginal.json")
        case["plan"]["commissions"][0]["tiers"][1]["from"] = "0"
        file = tmp_path / "case.json"
        file.write_text(json.dumps(case))

        with pytest.raises(CommandError, match=r"/plan/commissions/0/tiers/1/from \(tiers_overlap\)"):
            answered(str(file))

    def test_names_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match=r"nowhere\.json: No such file"):
            answered(str(tmp_path / "nowhere.json"))

    def test_names_a_file_that_is_not_json(self, tmp_path):
        (tmp_path / "case.json").write_text("{")

        with pytest.raises(CaseFileUnreadable, match="is not JSON"):
            case_read(path=tmp_path / "case.json")

    @pytest.mark.parametrize(
        "changed",
        [{"people": 0, "to": "9999-12-31"}, {"plan": "code", "to": "\ud800"}, {"plan": "name", "to": "\x00"}],
    )
    def test_names_what_no_calendar_and_no_digest_can_take(self, changed):
        case = case_read(path=GOLDEN / "tiers-marginal.json")
        if "people" in changed:
            case["people"][0]["employments"][0]["to"] = changed["to"]
        else:
            case["plan"][changed["plan"]] = changed["to"]

        with pytest.raises(DocumentInvalid) as refused:
            calculate(case, explain=False)

        assert [error.code for error in refused.value.errors] == ["invalid"]


@pytest.fixture
def signed_in() -> APIClient:
    client = APIClient()
    client.force_authenticate(get_user_model()())
    return client


@pytest.mark.django_db
class TestCalculationCreate:
    address = "/api/v1/calculations"

    def test_answers_as_the_command_does(self, signed_in):
        file = GOLDEN / "team.json"
        answer = signed_in.post(self.address, case_read(path=file), format="json")

        assert answer.status_code == 200
        assert answer.json() == answered(str(file))

    def test_refuses_a_stranger(self):
        assert APIClient().post(self.address, {}, format="json").status_code in (401, 403)

    def test_answers_a_bad_document_with_pointers(self, signed_in):
        case = case_read(path=GOLDEN / "team.json")
        del case["results"][0]["actual"]
        answer = signed_in.post(self.address, case, format="json")

        assert answer.status_code == 422
        assert answer["Content-Type"] == "application/problem+json"
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/results/0"]

    def test_names_what_is_missing_and_gives_no_number(self, signed_in):
        case = case_read(path=GOLDEN / "team.json")
        del case["results"][0]
        answer = signed_in.post(self.address, case, format="json")

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["detail"].startswith("REV reads M01 (team), which has no result")
        assert "payout" not in answer.json()

    @pytest.mark.parametrize("body", [[], "text", 5, None, {"format": "kamcomp.case/1", "people": 3}])
    def test_refuses_what_is_no_case(self, signed_in, body):
        answer = signed_in.post(self.address, json.dumps(body), content_type="application/json")

        assert answer.status_code == 422
        assert answer.json()["errors"]

    @pytest.mark.parametrize("body", ["[" * 100_000, '{"a": 1, "a": 2}', '{"a": NaN}', "9" * 5_000, b"\xff"])
    def test_refuses_what_can_be_read_in_two_ways_or_none(self, signed_in, body):
        answer = signed_in.post(self.address, body, content_type="application/json")

        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("The document ")

    def test_asks_the_database_nothing_but_how_often_its_caller_asked(
        self, signed_in, django_assert_num_queries
    ):
        case = case_read(path=GOLDEN / "team.json")

        with django_assert_num_queries(1):
            signed_in.post(self.address, case, format="json")
