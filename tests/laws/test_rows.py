"""
The laws of single rows: signs, shares, one receiver, reasons, second persons, keys that mean one thing.

Each row below is right. The test writes it once more as the app role with one thing wrong, and expects the law
by name; what PostgreSQL checks on a row comes before anything that looks at other rows.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db import models as fields
from django.db.transaction import atomic

from kamcomp.approvals.models import Approval
from kamcomp.audit.models import AuditSeal
from kamcomp.audit.services import audit_seal
from kamcomp.calendar.models import Period
from kamcomp.currency.models import FxRate
from kamcomp.identity.models import RoleGrant
from kamcomp.imports.models import ColumnMap, ImportBatch
from kamcomp.records import Fact
from payouts.models import (
    AccountReview,
    Adjustment,
    Allocation,
    ClawbackCase,
    Dispute,
    Export,
    LedgerEntry,
    Payout,
    PayoutEvent,
    PayoutLine,
    PayrollReturn,
    PlanException,
    Pool,
    PoolBudget,
    Posting,
    ReplayPerson,
    Run,
    RunChunk,
)
from plans.models import Assignment, PlanVersion, Replay
from scorecards.models import (
    AccountPnl,
    Collection,
    Contract,
    Credit,
    InventoryLevel,
    Metric,
    ObjectiveRating,
    Opportunity,
    Result,
    SatisfactionWave,
    Scorecard,
    ScorecardLine,
    SurveyResponse,
    Target,
    Transaction,
    WalletEstimate,
)
from teams.models import (
    AccountNode,
    AccountObjective,
    Candidate,
    Capability,
    CapabilityScore,
    Course,
    Employment,
    JobProfile,
    JobRole,
    Leaver,
    MarketBenchmark,
    Membership,
    Mentorship,
    ObjectiveMilestone,
    PayPackage,
    Person,
    PersonDetails,
    ProfileCapability,
    Reward,
    RoleDuty,
    StrategicAccount,
    Training,
)
from tests.laws import rows
from tests.laws.breaking import refused

QUARTER = rows.days("2026-01-01", "2026-04-01")
DAY = date(2026, 1, 1)


def metric() -> Metric:
    return Metric.objects.order_by("code")[0]


def objective() -> AccountObjective:
    return AccountObjective.objects.create(
        account=rows.account(), code=f"O{uuid4()}", owner=rows.person(), statement="s", due_on=DAY, weight=1, target=1,
        baseline=0,
    )  # fmt: skip


def credit() -> Credit:
    (line,) = rows.transactions(1)
    return Credit.objects.bulk_create([rows.credit(line, "1")])[0]


def transaction() -> Transaction:
    return rows.transactions(1)[0]


def payout() -> Payout:
    return rows.payout(rows.run())


def ledger_entry() -> LedgerEntry:
    period = rows.period()
    with atomic():
        posting = Posting.objects.create(period=period, act="tried", at=rows.NOON)
        debit, _credit = LedgerEntry.objects.bulk_create(
            LedgerEntry(
                posting=posting, period=period, account=account, amount=Decimal(amount), currency="EUR"
            )
            for account, amount in (("expense", 1), ("payable", -1))
        )
    return debit


def adjustment() -> Adjustment:
    return Adjustment.objects.create(
        period=rows.period(), person=rows.person(), kind="goodwill", amount=5, due=5, posted_before=0, currency="EUR",
        reason="r", proposed_by=rows.user(),
    )  # fmt: skip


def clawback() -> ClawbackCase:
    return ClawbackCase.objects.create(
        person=rows.person(), plan_version=rows.version(), cause="c", recoverable=1, currency="EUR",
        created_by=rows.user(),
    )  # fmt: skip


def dispute() -> Dispute:
    about = adjustment()
    return Dispute.objects.create(
        number=1, person=about.person, period=about.period, about=about, kind="dispute", claim="c", claimed=1,
        currency="EUR", due_on=DAY,
    )  # fmt: skip


def exception() -> PlanException:
    return PlanException.objects.create(
        number=1, plan=rows.plan(), person=rows.person(), period=rows.period(), kind="quota", reason="r", amount=1,
        currency="EUR", expires_on=DAY, requested_by=rows.user(),
    )  # fmt: skip


def details() -> PersonDetails:
    return PersonDetails.objects.create(person=rows.person(), payroll_number=str(uuid4()))


def of(model: type[fields.Model], **values: Callable[[], Any] | Any) -> Callable[[], Any]:
    """Return a maker of a row; values that can be called are made when it is."""
    return lambda: model.objects.create(
        **{name: value() if callable(value) else value for name, value in values.items()}
    )


def capability() -> Capability:
    return Capability.objects.order_by("code")[0]


def profile() -> JobProfile:
    return JobProfile.objects.create(role=rows.role(), purpose="p")


MAKERS: dict[type[fields.Model], Callable[[], Any]] = {
    AccountNode: rows.node,
    AccountObjective: objective,
    AccountPnl: of(
        AccountPnl, node=rows.node, days=QUARTER, revenue=3, cogs=2, direct_cost=1, currency="EUR"
    ),
    AccountReview: of(
        AccountReview, run=rows.run, account=rows.account, kam=rows.person, outcome="confirmed", at=rows.NOON
    ),
    Adjustment: adjustment,
    Allocation: lambda: rows.allocation(rows.pool(), "10.00"),
    Approval: of(Approval, subject_table="t", subject_id=uuid4, step="s", prepared_by=rows.user),
    Assignment: lambda: rows.assignment(rows.version()),
    Candidate: of(
        Candidate, code="C1", name="n", role=rows.role, source="external", came_from="competitor", since=DAY
    ),
    CapabilityScore: of(CapabilityScore, person=rows.person, capability=capability, level=1, judged_on=DAY),
    ClawbackCase: clawback,
    ColumnMap: of(ColumnMap, kind="people", source="hr", mapping=dict),
    Contract: of(
        Contract,
        contract_id="K1",
        node=rows.node,
        start_on=DAY,
        end_on=date(2026, 12, 31),
        value=1,
        currency="EUR",
    ),
    Collection: lambda: rows.collection(rows.transactions(1)[0], "1"),
    Credit: credit,
    Dispute: dispute,
    Employment: of(
        Employment, person=rows.person, employer="X", jurisdiction="DE", payroll_currency="EUR", valid=QUARTER
    ),
    Export: of(
        Export,
        run=rows.run,
        profile="register",
        format="csv",
        filename="f",
        rows=1,
        sha256="0",
        exported_at=rows.NOON,
    ),
    FxRate: of(FxRate, rate_set="plan", rate_date=DAY, from_currency="USD", to_currency="EUR", rate="0.9"),
    ImportBatch: of(ImportBatch, kind="people", filename="f", file_digest="0", status="committed"),
    InventoryLevel: of(
        InventoryLevel, node=rows.node, days=QUARTER, average_inventory=1, cogs=1, currency="EUR"
    ),
    JobProfile: profile,
    JobRole: rows.role,
    Leaver: of(
        Leaver, person=rows.person, last_day=DAY, reason="pay", target_cash=1, market_cash=1, currency="EUR"
    ),
    MarketBenchmark: of(
        MarketBenchmark,
        role=rows.role,
        country="DE",
        percentile=50,
        target_cash=2,
        base_salary=1,
        currency="EUR",
        as_of=DAY,
        source="s",
    ),
    Mentorship: of(Mentorship, person=rows.person, mentor=rows.person, valid=QUARTER),
    LedgerEntry: ledger_entry,
    Membership: lambda: rows.membership(),
    ObjectiveMilestone: of(ObjectiveMilestone, objective=objective, name="Half", due_on=DAY),
    ObjectiveRating: of(ObjectiveRating, objective=objective, period=rows.period, rating=1),
    Opportunity: of(Opportunity, opportunity_id="O1", node=rows.node, stage=1, stages=5, value=1),
    PayPackage: of(
        PayPackage,
        person=rows.person,
        base_salary=1,
        ceiling=1,
        currency="EUR",
        valid=QUARTER,
        created_by=rows.user,
    ),
    Payout: payout,
    PayoutEvent: of(PayoutEvent, payout=payout, kind="held", by=rows.user),
    PayoutLine: lambda: rows.payout_line(
        payout(), target=1, actual=1, attainment=1, payout_ratio=1, weight=1
    ),
    PayrollReturn: of(PayrollReturn, run=rows.run, person=rows.person, amount=1, currency="EUR", paid_on=DAY),
    Period: rows.period,
    Person: rows.person,
    PersonDetails: details,
    PlanException: exception,
    PlanVersion: rows.version,
    Pool: lambda: rows.pool(result_ratio=1),
    PoolBudget: lambda: rows.pool_budget(rows.period()),
    Result: of(
        Result, metric=metric, period=rows.period, node=rows.node, numerator=1, denominator=1, value=1
    ),
    Replay: rows.replay,
    ReplayPerson: lambda: rows.replay_person(rows.replay()),
    ProfileCapability: of(ProfileCapability, profile=profile, capability=capability, level=3),
    Reward: of(Reward, person=rows.person, kind="award", given_on=DAY, what="w", value=1, currency="EUR"),
    RoleDuty: of(RoleDuty, role=rows.role, activity="a", part="accountable"),
    RoleGrant: of(RoleGrant, user=rows.user, role="payee", valid=QUARTER),
    Run: rows.run,
    RunChunk: lambda: rows.chunk(rows.run()),
    SatisfactionWave: of(SatisfactionWave, survey="S", node=rows.node, days=QUARTER, invited=2, responded=1),
    Scorecard: rows.scorecard,
    ScorecardLine: lambda: rows.scorecard().lines.create(metric=metric(), target=1, actual=1, attainment=1),
    StrategicAccount: rows.account,
    SurveyResponse: of(SurveyResponse, response_id="R1", survey="S", node=rows.node, date=DAY, score=9),
    Target: of(Target, metric=metric, node=rows.node, days=QUARTER, value=1, currency="EUR"),
    Training: of(Training, person=rows.person, course=lambda: Course.objects.order_by("code")[0], due_on=DAY),
    Transaction: transaction,
    WalletEstimate: of(WalletEstimate, node=rows.node, spend=1, currency="EUR", source="s", as_of=DAY),
}


def copied(row: fields.Model, **changes: str) -> str:
    """Return the statement that writes a row once more under a new id, with columns changed to SQL expressions."""
    model = type(row)
    table, chosen = model._meta.db_table, {}
    for field in model._meta.concrete_fields:
        if field.generated or (field.primary_key and isinstance(field, fields.BigAutoField)):
            continue
        fresh = field.primary_key and isinstance(field, fields.UUIDField)
        chosen[field.column] = f"'{uuid4()}'" if fresh else f'"{field.column}"'
    chosen |= changes
    key = " AND ".join(
        f"\"{field.column}\" = '{getattr(row, field.attname)}'" for field in model._meta.pk_fields
    )
    columns = ", ".join(f'"{name}"' for name in chosen)
    return f"INSERT INTO {table} ({columns}) SELECT {', '.join(chosen.values())} FROM {table} WHERE {key}"


WRONG: list[tuple[str, type[fields.Model], dict[str, str]]] = [
    ("account_nodes_are_not_their_own_parent", AccountNode, {"id": "'{id}'", "parent_id": "'{id}'", "code": "'x'"}),
    ("account_reviews_objection_has_a_reason", AccountReview, {"outcome": "'objected'"}),
    ("account_reviews_one_a_run", AccountReview, {}),
    ("adjustments_are_not_zero", Adjustment, {"amount": "0"}),
    ("adjustments_have_a_reason", Adjustment, {"reason": "''"}),
    ("adjustments_have_one_receiver", Adjustment, {"person_id": "NULL"}),
    ("adjustments_posted_is_decided", Adjustment, {"status": "'approved'"}),
    ("adjustments_preparer_is_not_approver", Adjustment, {"decided_by_id": "proposed_by_id"}),
    ("allocations_are_not_negative", Allocation, {"amount": "-0.01"}),
    ("allocations_ineligible_gets_nothing", Allocation, {"eligible": "false"}),
    ("allocations_one_a_person", Allocation, {}),
    ("approvals_decision_has_a_decider", Approval, {"decision": "'approved'"}),
    ("approvals_preparer_is_not_approver", Approval,
     {"decision": "'approved'", "decided_by_id": "prepared_by_id", "decided_at": "now()"}),
    ("assignments_share_is_a_share", Assignment, {"share": "1.00000001"}),
    ("candidates_from_here_are_people", Candidate, {"code": "'C2'", "came_from": "''"}),
    ("capability_scores_have_one_subject", CapabilityScore, {"person_id": "NULL"}),
    ("capability_scores_level_is_known", CapabilityScore, {"level": "6"}),
    ("capability_scores_once_a_day", CapabilityScore, {}),
    ("clawback_cases_are_positive", ClawbackCase, {"recoverable": "0"}),
    ("clawback_cases_preparer_is_not_approver", ClawbackCase, {"approved_by_id": "created_by_id"}),
    ("column_maps_one_a_source", ColumnMap, {}),
    ("contracts_end_after_start", Contract, {"end_on": "start_on - 1"}),
    ("credits_share_is_a_share", Credit, {"share": "0"}),
    ("employments_fte_is_a_share", Employment, {"fte": "0"}),
    ("exports_one_a_profile", Export, {}),
    ("fx_rates_are_positive", FxRate, {"rate": "0"}),
    ("fx_rates_join_two_currencies", FxRate, {"to_currency": "from_currency"}),
    ("fx_rates_one_a_day", FxRate, {}),
    ("import_batches_same_file_commits_once", ImportBatch, {}),
    ("job_profiles_percentile_is_one", JobProfile, {"market_percentile": "0"}),
    ("job_roles_weight_is_positive", JobRole, {"role_weight": "0"}),
    ("ledger_entries_are_not_zero", LedgerEntry, {"amount": "0"}),
    ("leavers_pay_has_a_currency", Leaver, {"currency": "''"}),
    ("market_benchmarks_are_positive", MarketBenchmark, {"target_cash": "0", "source": "'x'"}),
    ("market_benchmarks_once", MarketBenchmark, {}),
    ("mentorships_join_two_people", Mentorship, {"mentor_id": "person_id"}),
    ("mentorships_one_mentor_a_day", Mentorship, {}),
    ("teams_mentorship_valid_hold_a_day", Mentorship, {"valid": "'empty'"}),
    ("memberships_dedication_is_a_share", Membership, {"dedication": "1.01"}),
    ("memberships_kam_takes_no_pool_share", Membership, {"seat": "'kam'"}),
    ("objective_milestones_one_name", ObjectiveMilestone, {}),
    ("objective_ratings_on_the_scale", ObjectiveRating, {"rating": "0.75"}),
    ("opportunities_stage_within_stages", Opportunity, {"stage": "stages + 1"}),
    ("pay_packages_are_not_negative", PayPackage, {"variable_target": "-1"}),
    ("pay_packages_preparer_is_not_approver", PayPackage, {"approved_by_id": "created_by_id"}),
    ("payout_events_have_an_actor", PayoutEvent, {"by_id": "NULL"}),
    ("payout_events_have_one_subject", PayoutEvent, {"payout_id": "NULL"}),
    ("payouts_amount_is_not_negative", Payout, {"amount": "-0.01"}),
    ("payouts_carried_is_not_positive", Payout, {"carried": "0.01"}),
    ("payouts_one_a_person_and_plan", Payout, {}),
    ("people_do_not_manage_themselves", Person, {"id": "'{id}'", "manager_id": "'{id}'", "employee_id": "'x'"}),
    ("periods_one_code_a_calendar", Period, {"number": "number + 900", "days": "'[2031-01-01,2031-02-01)'"}),
    ("periods_one_number_a_year", Period, {"code": "'x'", "days": "'[2031-01-01,2031-02-01)'"}),
    ("person_details_one_payroll_number", PersonDetails, {"person_id": "'{id}'"}),
    ("plan_versions_history_has_a_reason", PlanVersion, {"loading": "'history'"}),
    ("plan_versions_one_number", PlanVersion, {"valid": "'[2031-01-01,2031-02-01)'"}),
    ("plan_versions_preparer_is_not_approver", PlanVersion, {"approved_by_id": "prepared_by_id"}),
    ("plan_versions_published_is_approved", PlanVersion, {"approved_by_id": "NULL"}),
    ("profile_capabilities_level_is_one_to_five", ProfileCapability, {"level": "0"}),
    ("profile_capabilities_once", ProfileCapability, {}),
    ("rewards_value_has_a_currency", Reward, {"currency": "''"}),
    ("role_duties_once", RoleDuty, {"part": "'informed'"}),
    ("role_duties_one_answers", RoleDuty,
     {"role_id": "(SELECT id FROM teams_jobrole WHERE code = 'billing')"}),
    ("trainings_once_a_due_day", Training, {"done_on": "due_on"}),
    ("trainings_one_is_open", Training, {"due_on": "due_on + 1"}),
    ("pools_allocator_is_not_approver", Pool, {"submitted_by_id": "'{id}'", "approved_by_id": "'{id}'"}),
    ("pool_budgets_are_not_negative", PoolBudget, {"number": "2", "amount": "-0.01"}),
    ("pool_budgets_have_a_reason", PoolBudget, {"number": "2", "reason": "''"}),
    ("pool_budgets_one_number", PoolBudget, {}),
    ("pools_are_not_negative", Pool, {"reserve": "-1"}),
    ("pools_funded_from_planned_on", Pool, {"funded": "NULL"}),
    ("pools_one_an_account_and_period", Pool, {}),
    ("results_have_one_subject", Result, {"node_id": "NULL"}),
    ("results_window_is_known", Result, {"window": "'rolling_0'"}),
    ("results_missing_has_no_value", Result, {"status": "'missing'"}),
    ("role_grants_role_is_known", RoleGrant, {"role": "'king'"}),
    ("run_chunks_one_number", RunChunk, {}),
    ("runs_one_number_a_period", Run, {"is_current": "false"}),
    ("runs_starter_neither_reviews_nor_approves", Run, {"reviewed_by_id": "started_by_id"}),
    ("strategic_accounts_end_after_they_start", StrategicAccount, {"programme_end": "programme_start"}),
    ("strategic_accounts_emphasis_is_a_share", StrategicAccount, {"long_emphasis": "1.01"}),
    ("strategic_accounts_weights_sum_to_one", StrategicAccount, {"defend_weight": "0.1"}),
    ("scorecard_lines_one_a_metric", ScorecardLine, {}),
    ("scorecards_final_says_who_and_when", Scorecard, {"finalised_at": "now()"}),
    ("scorecards_have_one_subject", Scorecard, {"node_id": "NULL"}),
    ("scorecards_one_a_subject_and_period", Scorecard, {}),
    ("targets_have_one_subject", Target, {"node_id": "NULL"}),
    ("targets_one_in_force", Target, {}),
    ("transactions_are_booked_or_invoiced", Transaction, {"date": "NULL"}),
    *(
        (f"{facts}_one_believed", model, {})
        for facts, model in (
            ("account_pnl", AccountPnl),
            ("contracts", Contract),
            ("credits", Credit),
            ("inventory_levels", InventoryLevel),
            ("objective_ratings", ObjectiveRating),
            ("opportunities", Opportunity),
            ("payroll_returns", PayrollReturn),
            ("results", Result),
            ("satisfaction_waves", SatisfactionWave),
            ("survey_responses", SurveyResponse),
            ("collections", Collection),
            ("transactions", Transaction),
            ("wallet_estimates", WalletEstimate),
        )
    ),
    *(
        (f"{model._meta.db_table}_days_hold_a_day", model, {"days": "'empty'"})
        for model in (Target, AccountPnl, InventoryLevel, SatisfactionWave)
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "model", "changes"), WRONG, ids=[f"{law}-{'-'.join(c)}" for law, _m, c in WRONG]
)
@pytest.mark.django_db
class TestRow:
    def test_is_refused(self, law, model, changes):
        row, same = MAKERS[model](), uuid4()
        changed = {name: value.format(id=same) for name, value in changes.items()}

        with refused(law), connection.cursor() as cursor:
            cursor.execute(copied(row, **changed))


DECIMALS = [
    (model, field.column)
    for model in apps.get_models()
    for field in model._meta.concrete_fields
    if isinstance(field, fields.DecimalField) and model._meta.managed
]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "column"), DECIMALS, ids=[f"{m._meta.db_table}.{c}" for m, c in DECIMALS])
class TestAmount:
    def test_is_a_number(self, model, column):
        """Some of them are refused by a bound already; `..._amounts_are_numbers` stands behind every one."""
        row = MAKERS[model]()

        with pytest.raises(IntegrityError) as error, connection.cursor() as cursor:
            cursor.execute(copied(row, **{column: "'NaN'"}))
        assert isinstance(error.value.__cause__, psycopg2.errors.CheckViolation)


STAYING = {
    Transaction: "transactions",
    Credit: "credits",
    Collection: "collections",
    Contract: "contracts",
    Opportunity: "opportunities",
    AccountPnl: "account_pnl",
    WalletEstimate: "wallet_estimates",
    InventoryLevel: "inventory_levels",
    SurveyResponse: "survey_responses",
    SatisfactionWave: "satisfaction_waves",
    ObjectiveRating: "objective_ratings",
    Result: "results",
    FxRate: "fx_rates",
    PayrollReturn: "payroll_returns",
}


class TestFact:
    def test_every_one_is_tried(self):
        assert {model for model in apps.get_models() if issubclass(model, Fact)} == set(STAYING)

    @pytest.mark.parametrize("model", STAYING)
    def test_is_not_edited_even_by_the_owner(self, owner_sql, model):
        MAKERS[model]()
        table, facts = model._meta.db_table, STAYING[model]

        with refused(f"{facts}_are_not_edited"):
            owner_sql.execute(f"UPDATE {table} SET recorded_at = recorded_at - interval '1 day'")
        with refused(f"{facts}_stay"):
            owner_sql.execute(f"DELETE FROM {table}")
        with refused(f"{facts}_stay"):
            owner_sql.execute(f"TRUNCATE {table} CASCADE")


class TestOwnersRow:
    """What only the owner could try, because the app role has no right to it at all."""

    def test_of_the_seals_stays(self, owner_sql):
        MAKERS[JobRole]()
        audit_seal(at=rows.NOON)

        with refused("audit_seals_stay"):
            owner_sql.execute("UPDATE audit_auditseal SET digest = ''")
        with refused("audit_seals_do_not_branch"):
            owner_sql.execute(copied(AuditSeal.objects.latest("id")))

    def test_of_payout_events_stays(self, owner_sql):
        MAKERS[PayoutEvent]()

        with refused("payout_events_are_only_added"):
            owner_sql.execute("DELETE FROM payouts_payoutevent")

    def test_of_a_period_knows_its_states_with_triggers_off(self, owner_sql):
        rows.period()
        owner_sql.execute("SET session_replication_role = replica")

        with refused("periods_status_is_known"):
            owner_sql.execute("UPDATE calendar_period SET status = 'reopened'")


WITHOUT_LAW = """
    SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = %s AND NOT EXISTS (
        SELECT FROM pg_constraint k WHERE k.conname = c.table_name || %s
           AND position(c.column_name IN pg_get_constraintdef(k.oid)) > 0)
"""


class TestColumns:
    def test_of_decimals_all_refuse_what_is_no_number(self, app_sql):
        app_sql.execute(WITHOUT_LAW, ["numeric", "_amounts_are_numbers"])

        assert app_sql.fetchall() == []

    def test_of_days_all_refuse_an_empty_span(self, app_sql):
        app_sql.execute(
            "SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c"
            " WHERE c.table_schema = 'public' AND c.data_type = 'daterange' AND NOT EXISTS (SELECT FROM pg_constraint k"
            " WHERE k.conname = c.table_name || '_' || c.column_name || '_hold_a_day')"
        )

        assert app_sql.fetchall() == []
