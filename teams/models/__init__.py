"""People, accounts and memberships: who serves a key account, from when to when."""

from teams.models.accounts import AccountNode, AccountNumber, Segment, StrategicAccount
from teams.models.memberships import AccountObjective, Membership, ObjectiveMilestone, TeamEdit
from teams.models.people import Employment, JobRole, PayPackage, Person, PersonDetails

__all__ = [
    "AccountNode",
    "AccountNumber",
    "AccountObjective",
    "Employment",
    "JobRole",
    "Membership",
    "ObjectiveMilestone",
    "PayPackage",
    "Person",
    "PersonDetails",
    "Segment",
    "StrategicAccount",
    "TeamEdit",
]
