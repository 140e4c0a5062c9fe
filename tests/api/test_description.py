"""The description of the interface is the one that is committed, whole, and says what the endpoints do."""

import re
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from kamcomp.api.resources import all_resources

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.yaml"


@pytest.fixture(scope="module")
def printed():
    out, said = StringIO(), StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out, stderr=said)
    return out.getvalue()


@pytest.fixture(scope="module")
def description():
    return yaml.load(PAGE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


class TestDescription:
    def test_is_the_committed_one(self, printed):
        said = "print it anew: manage.py spectacular --file docs/reference/openapi.yaml"
        assert PAGE.read_text(encoding="utf-8") == printed, said

    @pytest.mark.parametrize("page", ["docs", "redoc"])
    def test_is_shown_from_our_own_files_only(self, client, page):
        answer = client.get(f"/api/v1/{page}")
        said = answer.content.decode()

        assert re.findall(r"https?://", said) == []
        files = re.findall(r'(?:src|href)="([^"]+)"', said)
        assert files
        assert {client.get(file).status_code for file in files} == {200}
        assert client.get("/api/v1/openapi.yaml").content == PAGE.read_bytes()
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"] or page == "redoc"

    def test_names_every_operation_once(self, description):
        names = [
            operation["operationId"]
            for methods in description["paths"].values()
            for operation in methods.values()
        ]

        assert len(names) == len(set(names))
        assert {f"{each.noun}_list" for each in all_resources()} <= set(names)

    def test_tells_whole_rows_from_the_fields_that_were_asked_for(self, description):
        shapes = description["components"]["schemas"]

        for each in all_resources():
            answer = description["paths"][f"/api/v1/{each.name}"]["get"]["responses"]["200"]
            pages = answer["content"]["application/json"]["schema"]["anyOf"]
            whole, picked = (_row(shapes, _named(shapes, page)) for page in pages)
            assert set(whole["required"]) == set(each.by_name)
            assert "required" not in picked
            assert picked["properties"] == whole["properties"]

    def test_says_every_problem(self, description):
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                for status in ("400", "401", "403", "429", "500"):
                    (media,) = operation["responses"][status]["content"]
                    assert media == "application/problem+json", (path, method, status)


def _named(shapes, reference):
    return shapes[reference["$ref"].rpartition("/")[2]]


def _row(shapes, page):
    return _named(shapes, page["properties"]["data"]["items"])
