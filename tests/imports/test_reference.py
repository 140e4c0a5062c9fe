"""The reference page says what the declarations say, and every canonical column of the contract is there."""

from pathlib import Path

import pytest

from kamcomp.imports.kinds import UnknownKind, all_kinds, kind_named
from kamcomp.imports.reference import reference_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "files.md"
CANONICAL = {
    "accounts": "account_code name parent_code node_type segment country region currency strategy tier "
    "first_invoice_on",
    "people": "employee_id name email manager_employee_id payroll_number cost_centre",
    "employments": "employee_id employer jurisdiction work_language fte job_role payroll_currency from to end_reason",
    "packages": "employee_id base_salary variable_target pool_target currency from to",
    "team_memberships": "account_code employee_id role link dedication_pct scope leader_employee_id segments "
    "effective_from effective_to",
    "segments": "segment_code kind name",
    "products": "product family segment",
    "transactions": "source_id line date account_code segment product quantity revenue cost currency employee_id "
    "credit_pct",
    "collections": "source_id collection_id collected_on amount currency",
    "credits": "source_id line employee_id credit_type credit_pct",
    "contracts": "contract_id account_code start_date end_date value currency renewed_from notice_on",
    "opportunities": "opportunity_id account_code owner_employee_id stage stages value won_on",
    "account_pnl": "period account_code segment revenue cogs direct_cost currency",
    "wallet": "account_code category spend source as_of",
    "inventory": "account_code period average_inventory cogs",
    "survey_responses": "response_id survey account_code date score respondent_group",
    "objectives": "objective_code account_code owner_employee_id statement metric_code baseline target due_on weight",
    "ratings": "objective_code period rating evidence",
    "targets": "metric_code account_code employee_id from to target currency issued_on",
    "metric_results": "period account_code employee_id metric_code target actual currency as_of note",
    "fx_rates": "rate_set rate_date from_currency to_currency rate",
    "payroll_return": "run payroll_number amount currency paid_on",
}


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "print it anew: manage.py import --reference"


@pytest.mark.parametrize("kind", CANONICAL)
def test_every_canonical_column_is_known(kind: str) -> None:
    assert set(CANONICAL[kind].split()) <= set(kind_named(kind).names)


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_a_declaration_holds_together(kind) -> None:
    named = set(kind.names)

    assert len(named) == len(kind.names)
    assert set(kind.key) <= named
    assert set(kind.span or ()) <= named
    assert set(kind.span_key) <= named
    assert set(kind.totals) <= named
    assert {name for group in kind.one_of for name in group} <= named
    assert {column.currency for column in kind.columns if column.currency} <= named
    assert all(column.reader.words for column in kind.columns)
    assert not kind.about or kind.about.column in named


def test_an_unknown_kind_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownKind, match=r"'payrol'; the kinds are .*payroll_return"):
        kind_named("payrol")
