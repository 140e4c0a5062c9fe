"""`manage.py import`: what it prints, what it ends with, and that nothing is written by mistake."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kamcomp.imports.models import ImportBatch
from teams.models import PayPackage, Person
from tests.imports import company

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("import", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(company.PEOPLE)
    return path


class TestImport:
    def test_previews_unless_told_to_commit(self, people: Path) -> None:
        said = run("people", people)

        assert "3 rows: 3 new, 0 changed, 0 same, 0 rejected." in said
        assert "nothing was written" in said
        assert not Person.objects.exists()

    def test_commits_and_says_how_to_undo(self, people: Path) -> None:
        said = run("people", people, "--commit")

        assert f"--undo {ImportBatch.objects.get().pk}" in said
        assert Person.objects.count() == 3

    def test_undoes(self, people: Path) -> None:
        run("people", people, "--commit")

        assert "is undone" in run("--undo", ImportBatch.objects.get().pk)
        assert not Person.objects.exists()

    def test_says_it_was_imported_already(self, people: Path) -> None:
        company.user("ann")
        run("people", people, "--commit", "--by", "ann")

        assert "by ann: the same file changes nothing" in run("people", people, "--commit")

    def test_a_refused_file_ends_with_an_error_and_is_recorded(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.csv"
        path.write_text("employee_id,name\n,Ada\n")

        with pytest.raises(CommandError, match="1 findings would stop a commit"):
            run("people", path)
        with pytest.raises(CommandError, match="Nothing was written: 1 findings"):
            run("people", path, "--commit")

        assert ImportBatch.objects.get().status == "rejected"

    def test_takes_a_map(self, tmp_path: Path) -> None:
        path, mapping = tmp_path / "hr.csv", tmp_path / "map.json"
        path.write_text("nr;name\n007;Cleo\n")
        mapping.write_text(json.dumps({"columns": {"employee_id": "nr"}, "source": "hr"}))

        run("people", path, "--map", mapping, "--commit")

        assert Person.objects.get().employee_id == "007"

    def test_leads_own_rows_to_a_second_person(self, people: Path, tmp_path: Path) -> None:
        run("people", people, "--commit")
        Person.objects.filter(employee_id="E1").update(user=company.user("ann"))
        company.user("bob")
        path = tmp_path / "packages.csv"
        path.write_text(company.PACKAGES)

        with pytest.raises(CommandError, match=r"line 2 is about the person .* --approve"):
            run("packages", path, "--commit", "--by", "ann")
        batch = ImportBatch.objects.get(status="previewed")
        run("--approve", batch.pk, "--by", "bob")
        run("packages", path, "--commit", "--by", "ann")

        assert PayPackage.objects.count() == 2

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["people"], "Say the kind and the file"),
            (["people", "nowhere.csv"], "There is no file"),
            (["--undo", "7"], "is not the id of a batch"),
            (["--undo", "00000000-0000-0000-0000-000000000000"], "There is no import"),
            (["--approve", "00000000-0000-0000-0000-000000000000"], "Say who approves"),
            (["people", "x.csv", "--by", "nobody"], "Nobody is called"),
        ],
    )
    def test_wrong_words_are_answered(self, arguments: list[str], said: str) -> None:
        with pytest.raises(CommandError, match=said):
            run(*arguments)

    def test_an_unknown_kind_is_answered(self, people: Path) -> None:
        with pytest.raises(CommandError, match="There is no kind of file 'peple'"):
            run("peple", people)

    def test_lists_kinds_and_batches(self, people: Path) -> None:
        run("people", people, "--commit")

        assert "people: employee_id, name, email" in run("--kinds")
        assert "people.csv  Committed  3 new" in run("--batches")
