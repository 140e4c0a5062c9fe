"""No amount, rate, share or measured value is NaN."""

from django.db import migrations

from kamcomp.laws import numbers_only


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0007_transactions_by_day")]

    operations = [
        numbers_only("scorecards_transaction", "quantity", "revenue", "cost"),
        numbers_only("scorecards_credit", "share"),
        numbers_only("scorecards_contract", "value"),
        numbers_only("scorecards_opportunity", "value"),
        numbers_only("scorecards_accountpnl", "revenue", "cogs", "direct_cost", "contribution"),
        numbers_only("scorecards_walletestimate", "spend"),
        numbers_only("scorecards_inventorylevel", "average_inventory", "cogs"),
        numbers_only("scorecards_surveyresponse", "score"),
        numbers_only("scorecards_objectiverating", "rating"),
        numbers_only("scorecards_target", "value"),
        numbers_only("scorecards_result", "numerator", "denominator", "value"),
    ]
