"""docs/reference/plan-language.md: every field as the records have it, every worked figure in its section."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from plans.engine.document import plan_schema
from plans.engine.reference import HEADING, plan_reference
from tests.formulas.page import PAGE, worked_rows

LANGUAGE = PAGE.with_name("plan-language.md")
ROW = re.compile(r"^\| ([^|]+) \| (`[^|]+`) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
MECHANICS = ROW.findall(LANGUAGE.read_text(encoding="utf-8").partition(HEADING)[0])


class TestMechanics:
    @pytest.mark.parametrize(("mechanic", "fields", "section", "figure"), MECHANICS)
    def test_has_a_worked_figure_in_its_section(self, mechanic, fields, section, figure):
        assert figure in {row.gives for row in worked_rows() if row.section == section}

    def test_are_each_named(self):
        assert len(MECHANICS) == 28

    @pytest.mark.parametrize("fields", [fields for _, fields, _, _ in MECHANICS])
    def test_names_fields_of_the_document(self, fields):
        records = plan_schema()["$defs"].values()
        known = {key for record in records for key in record.get("properties", {})}

        named = {part for field in re.findall(r"`([\w.]+)", fields) for part in field.split(".")}

        assert named <= known


class TestEveryField:
    def test_is_what_the_records_say(self):
        call_command("schemas", "--check", stdout=StringIO())

    def test_is_missed_when_it_is_not_there(self, settings, tmp_path):
        for file in ("plans/schema/plan.json", "plans/schema/case.json", "docs/reference/plan-language.md"):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text((Path(settings.BASE_DIR) / file).read_text())
        page = tmp_path / "docs/reference/plan-language.md"
        page.write_text(page.read_text().replace("| `spread` |", "| `spred` |"))
        settings.BASE_DIR = tmp_path

        with pytest.raises(CommandError, match=r"plan-language\.md is out of date: run manage\.py schemas"):
            call_command("schemas", "--check")

    def test_has_a_row_for_every_property_and_default(self):
        page = plan_reference()

        for name, record in plan_schema()["$defs"].items():
            section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]
            assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(
                record.get("properties", {})
            )
