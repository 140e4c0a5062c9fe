"""The real data set goes through the ordinary imports, by column maps alone."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from kamcomp.imports import services
from kamcomp.imports.previews import Preview
from scorecards.models import Credit, Transaction
from teams.models import AccountNode, Membership, Person, StrategicAccount

AT = datetime(2014, 7, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "adventureworks"


def commit(kind: str, path: Path, mapping: str = "") -> Preview:
    document = json.loads((EXAMPLE / "maps" / mapping).read_text(encoding="utf-8")) if mapping else None
    return services.import_commit(
        kind=kind, content=path.read_bytes(), filename=path.name, mapping=document, at=AT
    )


@pytest.fixture
def derived(shared_data: Path, tmp_path: Path) -> Path:
    source = shared_data / "adventureworks"
    subprocess.run(
        [sys.executable, str(EXAMPLE / "derive.py"), "--from", str(source), "--to", str(tmp_path)], check=True
    )
    return tmp_path


@pytest.mark.django_db
def test_adventureworks(shared_data: Path, derived: Path) -> None:
    source = shared_data / "adventureworks"

    commit("segments", derived / "segments.csv")
    accounts = commit("accounts", source / "accounts.csv", "accounts.json")
    keys = commit("accounts", derived / "key_accounts.csv")
    commit("people", derived / "people.csv")
    commit("employments", derived / "employments.csv")
    commit("packages", derived / "packages.csv")
    commit("team_memberships", derived / "team_memberships.csv")
    commit("products", source / "products.csv", "products.json")
    quotas = commit("targets", source / "quotas.csv", "quotas.json")
    goals = commit("targets", derived / "account_targets.csv")
    lines = commit("transactions", source / "transactions.csv", "transactions.json")

    assert accounts.new == 701
    assert (keys.new, keys.changed) == (0, 20)
    assert AccountNode.objects.count() == 701
    assert StrategicAccount.objects.filter(status="active").count() == 20
    assert Person.objects.count() > 17
    assert Membership.objects.exists()
    assert quotas.new == 163
    assert goals.new > 200
    assert lines.new == Transaction.objects.count() == 60_855
    with (source / "transactions.csv").open(newline="", encoding="utf-8") as file:
        expected = sum(Decimal(row["revenue"]) for row in csv.DictReader(file))
    assert Transaction.objects.aggregate(total=Sum("revenue"))["total"] == expected
    assert Credit.objects.count() == 60_855

    again = commit("transactions", source / "transactions.csv", "transactions.json")

    assert again.already is not None
    assert "Already imported on 2014-07-01" in again.sentence()
