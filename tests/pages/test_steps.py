"""The steps of a calculation are said in plain words, in the reader's language, and never as the engine codes them."""

import pytest
from django.utils.translation import override

from kamcomp.pages.steps import step_name_text, step_value_text

ROW = "0b7a1c1e-0000-4000-8000-00000000abcd"


class TestStepName:
    @pytest.mark.parametrize(
        ("name", "english", "german"),
        [
            (f"stint MERIDIAN/{ROW}", "Assignment: MERIDIAN", "Zuordnung: MERIDIAN"),
            (f"stint /{ROW}", "Assignment", "Zuordnung"),
            ("goal LONG", "Goal: LONG", "Ziel: LONG"),
            ("LONG leaf amount", "Amount: LONG", "Betrag: LONG"),
            ("PLAN weighted", "Times its weight: whole plan", "Mal Gewicht: ganzer Plan"),
            ("LONG after gate", "After the gate: LONG", "Nach der Bedingung: LONG"),
            ("M01 (year_to_date, team)", "M01 (year so far, team result)", "M01 (Jahr bisher, Teamergebnis)"),
            ("target incentive (period)", "Target incentive: period", "Zielprämie: Periode"),
            ("leave amount", "leave amount", "Betrag für Abwesenheit"),
        ],
    )
    def test_is_plain_and_in_the_readers_language(self, name, english, german):
        assert step_name_text({"name": name}) == english
        with override("de"):
            assert step_name_text({"name": name}) == german


class TestStepValue:
    @pytest.mark.parametrize(
        ("value", "unit", "shown"),
        [
            ("2976", "EUR", "2,976.00 EUR"),
            ("0.4212", "weighted ratio", "0.4212 = 42.1200%"),
            ("4212000", "metric", "4,212,000"),
            (True, "yes or no", "yes"),
            (False, "yes or no", "no"),
        ],
    )
    def test_is_in_its_unit(self, value, unit, shown):
        assert step_value_text({"value": value, "unit": unit}) == shown
