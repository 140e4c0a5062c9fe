"""The company's settings behind checks and rules."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "kamcomp.policy"
    label = "policy"
