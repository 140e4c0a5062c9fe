"""A fact is written once: a restatement is a new row, and the old one only learns until when it was believed."""

from django.db import migrations

from kamcomp.laws import function, not_edited, operations

FACTS = {
    "scorecards_transaction": "transactions",
    "scorecards_credit": "credits",
    "scorecards_contract": "contracts",
    "scorecards_opportunity": "opportunities",
    "scorecards_accountpnl": "account_pnl",
    "scorecards_walletestimate": "wallet_estimates",
    "scorecards_inventorylevel": "inventory_levels",
    "scorecards_surveyresponse": "survey_responses",
    "scorecards_satisfactionwave": "satisfaction_waves",
    "scorecards_objectiverating": "objective_ratings",
    "scorecards_result": "results",
    "currency_fxrate": "fx_rates",
}


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
        *(
            not_edited(table, law=f"{facts}_are_not_edited", stay=f"{facts}_stay")
            for table, facts in FACTS.items()
        ),
    )
