"""Finance pivots: exact, by currency, and equal to the register whatever they are summed by."""

from collections import defaultdict
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from payouts.exports.pivots import TOTAL, PivotKeyUnknown, register_frame, register_pivot
from payouts.exports.profiles import register
from tests.payouts.books import locked
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    made = company()
    return locked(made, calculated_run(made))


def register_sums(run, *names):
    table = register(run=run)
    columns = [column.name for column in table.columns]
    sums = defaultdict(Decimal)
    for row in table.rows:
        cells = dict(zip(columns, row, strict=True))
        sums[tuple(cells[name] for name in names)] += cells["amount"]
    return dict(sums)


class TestRegisterPivot:
    def test_keeps_amounts_as_decimals(self, run):
        assert {type(amount) for amount in register_frame(run=run)["amount"]} == {Decimal}

    @pytest.mark.parametrize("key", ["cost_centre", "plan", "account", "employee_id"])
    def test_sums_to_the_register_by_any_column(self, run, key):
        pivot = register_pivot(run=run, by=[key], across="source")

        found = {(row[key], row["currency"]): row[TOTAL] for _, row in pivot.iterrows()}
        assert found == register_sums(run, key, "currency")
        assert len(found) >= 1

    def test_puts_each_word_in_a_column_of_its_own(self, run):
        pivot = register_pivot(run=run, by=["currency"], across="source")

        [row] = [row for _, row in pivot.iterrows()]
        expected = {source: amount for (source,), amount in register_sums(run, "source").items()}
        assert {source: row[source] for source in expected} == expected

    def test_refuses_a_column_that_is_no_word(self, run):
        with pytest.raises(PivotKeyUnknown, match="no column 'amount' to sum by; it has run, period"):
            register_pivot(run=run, by=["amount"], across="source")


class TestPivotCommand:
    def test_prints_the_sums(self, run):
        output = StringIO()

        call_command("payouts", "pivot", "--period", run.period.code, "--rows", "plan", stdout=output)

        printed = output.getvalue().split()
        for (plan, currency), total in register_sums(run, "plan", "currency").items():
            assert {plan, currency, f"{total:f}"} <= set(printed)

    def test_refuses_in_a_sentence(self, run):
        with pytest.raises(CommandError, match="no column 'nonsense'"):
            call_command("payouts", "pivot", "--period", run.period.code, "--rows", "nonsense")
