"""A fact is written once: a restatement is a new row, and the old one only learns until when it was believed."""

from django.db import migrations

from kamcomp.grants import narrowed
from kamcomp.laws import append_only, function, operations, statement_triggers

FACTS = {
    "scorecards_transaction": "transactions_are_not_edited",
    "scorecards_credit": "credits_are_not_edited",
    "scorecards_contract": "contracts_are_not_edited",
    "scorecards_opportunity": "opportunities_are_not_edited",
    "scorecards_accountpnl": "account_pnl_is_not_edited",
    "scorecards_walletestimate": "wallet_estimates_are_not_edited",
    "scorecards_inventorylevel": "inventory_levels_are_not_edited",
    "scorecards_surveyresponse": "survey_responses_are_not_edited",
    "scorecards_satisfactionwave": "satisfaction_waves_are_not_edited",
    "scorecards_objectiverating": "objective_ratings_are_not_edited",
    "scorecards_result": "results_are_not_edited",
    "currency_fxrate": "fx_rates_are_not_edited",
}


def not_edited(table: str, law: str) -> list:
    """Return the steps that make a table of facts one."""
    return [
        *append_only(table, law=f"{law.rsplit('_', 3)[0]}_stay", may_update=True),
        *statement_triggers(law, on=table, runs="law_fact_not_edited", arguments=[law], events=["UPDATE"]),
        narrowed(table, to=["SELECT", "INSERT", "UPDATE (superseded_at)"]),
    ]


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0002_audit"), ("currency", "0003_audit")]

    operations = operations(
        function(
            "law_fact_not_edited",
            """
DECLARE
    edited record;
BEGIN
    SELECT was.id, was.superseded_at INTO edited
      FROM old_rows AS was
      LEFT JOIN new_rows AS is_now ON is_now.id = was.id
     WHERE is_now.id IS NULL
        OR (was.superseded_at IS NOT NULL AND is_now.superseded_at IS DISTINCT FROM was.superseded_at)
        OR to_jsonb(is_now) - 'superseded_at' <> to_jsonb(was) - 'superseded_at'
     LIMIT 1;
    IF edited.id IS NOT NULL THEN
        PERFORM law_refuse(TG_ARGV[0], format(
            'row %s of %s stays as it was recorded; restate it with a new row', edited.id, TG_TABLE_NAME));
    END IF;
    RETURN NULL;
END""",
        ),
        *(not_edited(table, law) for table, law in FACTS.items()),
    )
