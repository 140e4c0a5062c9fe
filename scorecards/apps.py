"""How well: metrics, targets, facts and the results computed from them."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    name = "scorecards"
