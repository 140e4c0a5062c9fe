"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, audited_in_bulk, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("scorecards", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("scorecards_metric"),
        audited("scorecards_target"),
        audited("scorecards_product"),
        audited("scorecards_objectiverating"),
        audited_in_bulk("scorecards_transaction"),
        audited_in_bulk("scorecards_credit"),
        audited_in_bulk("scorecards_contract"),
        audited_in_bulk("scorecards_opportunity"),
        audited_in_bulk("scorecards_accountpnl"),
        audited_in_bulk("scorecards_walletestimate"),
        audited_in_bulk("scorecards_inventorylevel"),
        audited_in_bulk("scorecards_surveyresponse"),
        audited_in_bulk("scorecards_satisfactionwave"),
        audited_in_bulk("scorecards_result"),
        days_hold("scorecards_target", "days"),
        days_hold("scorecards_accountpnl", "days"),
        days_hold("scorecards_inventorylevel", "days"),
        days_hold("scorecards_satisfactionwave", "days"),
    )
