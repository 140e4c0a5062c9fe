"""The money: runs, payouts, pools, the ledger and the files out."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "payouts"
