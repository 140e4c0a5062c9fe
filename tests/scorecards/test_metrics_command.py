"""`manage.py metrics`: what a comp admin sees of the library and of a period's results."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from scorecards.models import Result

pytestmark = pytest.mark.django_db


def metrics(*words: str) -> str:
    out = StringIO()
    call_command("metrics", *words, stdout=out)
    return out.getvalue()


class TestMetrics:
    def test_lists_every_metric_with_its_formula(self):
        listed = metrics("list")

        assert "M06.net_promoter" in listed
        assert "contract_value_renewed / contract_value_due" in listed

    def test_computes_and_shows_a_period(self, company):
        company.invoice("2026-11-05", "1234.5")

        first = metrics("compute", "--period", "2026-Q4", "--by", "maren")
        again = metrics("compute", "--period", "2026-Q4", "--by", "maren")

        assert "1234.5" in first
        assert f"2026-Q4: {Result.objects.count()} new results, 0 restated, 0 unchanged" in first
        assert f"2026-Q4: 0 new results, 0 restated, {Result.objects.count()} unchanged" in again
        assert "1234.5" in metrics("show", "--period", "2026-Q4", "--calendar", "FY")

    def test_names_the_period_it_does_not_know(self, company):
        with pytest.raises(CommandError, match="no period 2031-Q1; `manage.py calendar list`"):
            metrics("show", "--period", "2031-Q1")

    def test_says_what_could_not_be_measured_and_writes_nothing(self, company):
        company.invoice("2026-11-05", "1", currency="USD")

        with pytest.raises(CommandError, match="no plan rate between USD and EUR"):
            metrics("compute", "--period", "2026-Q4", "--by", "maren")

        assert not Result.objects.exists()
