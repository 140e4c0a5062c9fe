"""Column maps: other headers, constants, translations, ids of several columns, spans until the next row."""

from datetime import date

import pytest

from kamcomp.imports.maps import MapUnusable, mapping_of
from kamcomp.imports.models import ColumnMap
from kamcomp.spans import Span
from teams.models import AccountNode, Employment, Person
from tests.imports import company
from tests.imports.company import commit, findings, preview

pytestmark = pytest.mark.django_db


class TestMap:
    def test_renames_translates_and_fills(self) -> None:
        mapping = {
            "columns": {"account_code": "Kunde", "name": "Name", "country": "Land"},
            "constants": {"currency": "EUR"},
            "values": {"country": {"Deutschland": "DE"}},
            "ignore": ["Ort"],
        }

        commit("accounts", "Kunde;Name;Land;Ort\n007;Müller;Deutschland;Ulm\n", mapping)

        node = AccountNode.objects.get()
        assert (node.code, node.name, node.country, node.currency) == ("007", "Müller", "DE", "EUR")

    def test_forms_an_id_of_several_columns(self) -> None:
        mapping = {
            "ids": {"account_code": {"from": ["store", "number"], "with": "-"}},
            "constants": {"currency": "EUR"},
        }

        commit("accounts", "store,number,name\nN,01,North One\n", mapping)

        assert AccountNode.objects.get().code == "N-01"

    def test_an_id_of_several_columns_needs_each_of_them(self) -> None:
        mapping = {"ids": {"account_code": ["store", "number"]}, "constants": {"currency": "EUR"}}

        assert findings("accounts", "store,number,name\nN,,North One\n", mapping) == [
            "line 2, account_code: is empty: every row needs it"
        ]

    def test_trims_where_it_says_so(self) -> None:
        assert "blanks around" in findings("people", "employee_id,name\n 007,Cleo\n")[0]

        commit("people", "employee_id,name\n 007,Cleo\n", {"trim": True})

        assert Person.objects.get().employee_id == "007"

    def test_names_each_column_it_cannot_place(self) -> None:
        mapping = {"columns": {"name": "Nom", "colour": "name"}, "constants": {"email": "a@b"}}

        assert findings("people", "employee_id,name,email,shoe\nE1,Ada,x@y,42\n", mapping) == [
            "line 1, name: the map takes it from 'Nom', which is not in the header",
            "line 1, colour: is not a column of this kind",
            "line 1, email: is given by the map and stands in the file too: list it under ignore, or map it",
            "line 1, shoe: is not a column of this kind: map it, or list it under ignore in the column map",
        ]

    def test_missing_columns_are_all_named(self) -> None:
        assert findings("transactions", "source_id,date\nA,2026-01-01\n") == [
            "line 1, account_code: is not in the header: add it, or map it from another column",
            "line 1, revenue: is not in the header: add it, or map it from another column",
            "line 1, currency: is not in the header: add it, or map it from another column",
        ]

    def test_is_remembered_for_its_source(self) -> None:
        commit("people", "nr,name\nE1,Ada\n", {"source": "hr", "columns": {"employee_id": "nr"}})

        commit("people", "nr,name\nE2,Ben\n", source="hr")

        assert Person.objects.count() == 2
        assert ColumnMap.objects.get().source == "hr"

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ([], "is a JSON object"),
            ({"colums": {}}, "has no part colums"),
            ({"columns": {"a": 1}}, "is an object of texts"),
            ({"ignore": "shoe"}, "is a list of column names"),
            ({"span": "forever"}, "until_next"),
            ({"trim": 1}, "is true or false"),
            ({"values": []}, "keyed by column"),
            ({"source": 7}, "is a text"),
        ],
    )
    def test_is_checked_before_it_is_used(self, document: object, said: str) -> None:
        with pytest.raises(MapUnusable, match=said):
            mapping_of(document)

    def test_of_another_kind_is_refused(self) -> None:
        with pytest.raises(MapUnusable, match="is for accounts files, this is a people file"):
            preview("people", "employee_id,name\n", {"kind": "accounts"})


class TestUntilNext:
    MAP = {"span": "until_next"}
    HEADER = "employee_id,employer,jurisdiction,payroll_currency,from\n"

    @pytest.fixture(autouse=True)
    def known(self) -> None:
        commit("people", company.PEOPLE)

    def spans(self) -> list[Span]:
        return [e.span for e in Employment.objects.order_by("person__employee_id", "valid")]

    def test_a_row_holds_until_the_next_of_its_key(self) -> None:
        commit(
            "employments",
            self.HEADER + "E1,A,DE,EUR,2025-07-01\nE1,A,DE,EUR,2024-01-01\nE2,A,DE,EUR,2025-01-01\n",
            self.MAP,
        )

        assert self.spans() == [
            Span(date(2024, 1, 1), date(2025, 7, 1)),
            Span(date(2025, 7, 1)),
            Span(date(2025, 1, 1)),
        ]

    def test_two_rows_that_begin_together_overlap(self) -> None:
        rows = "E1,A,DE,EUR,2025-07-01\nE1,B,DE,EUR,2025-07-01\n"

        found = findings("employments", self.HEADER + rows, self.MAP)

        assert found[0] == "line 3, from: '2025-07-01' overlaps line 2, which begins on the same day"

    def test_a_given_end_may_leave_a_gap_but_not_overlap(self) -> None:
        header = self.HEADER.replace("from", "from,to")
        rows = "E1,A,DE,EUR,2024-01-01,2024-05-31\nE1,A,DE,EUR,2024-07-01,\n"

        shown = commit("employments", header + rows, self.MAP)

        assert self.spans()[0] == Span(date(2024, 1, 1), date(2024, 6, 1))
        assert [str(note) for note in shown.notes] == [
            "line 2, to: '2024-05-31' leaves a gap until 2024-07-01 (line 3)"
        ]
        assert findings("employments", header + rows.replace("2024-05-31", "2024-07-01"), self.MAP) == [
            "line 2, to: '2024-07-01' overlaps line 3, which begins on 2024-07-01"
        ]

    def test_has_no_meaning_where_rows_have_no_days(self) -> None:
        assert "until_next has no meaning" in findings("people", "employee_id,name\nE1,A\n", self.MAP)[0]

    def test_the_key_can_be_named(self) -> None:
        company.teams()
        text = (
            "account_code,employee_id,role,link,dedication_pct,effective_from\n"
            "ACME,E1,key_account_manager,direct,60,2024-01-01\n"
            "ACME,007,key_account_manager,direct,60,2026-07-01\n"
        )
        mapping = {"span": {"rule": "until_next", "key": ["account_code"]}}

        shown = commit("team_memberships", text, mapping)

        assert (shown.new, shown.changed) == (1, 1)
