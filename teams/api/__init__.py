"""The REST interface of `teams`: accounts, teams, people and what they are promised."""

from teams.api import accounts, people  # each module declares its resources

__all__ = ["accounts", "people"]
