"""People, accounts and memberships: who serves a key account, from when to when; roles, and what HR keeps of people."""

from teams.models.accounts import AccountNode, AccountNumber, Segment, StrategicAccount
from teams.models.care import (
    AccountRelationship,
    Candidate,
    CapabilityScore,
    Course,
    DevelopmentGoal,
    Leaver,
    MarketBenchmark,
    Mentorship,
    Reward,
    Training,
    WorkLifeAction,
)
from teams.models.memberships import AccountObjective, Membership, ObjectiveMilestone, TeamEdit
from teams.models.people import Employment, JobRole, PayPackage, Person, PersonDetails
from teams.models.profiles import Capability, JobProfile, ProfileCapability, RoleDuty

__all__ = [
    "AccountNode",
    "AccountNumber",
    "AccountObjective",
    "AccountRelationship",
    "Candidate",
    "Capability",
    "CapabilityScore",
    "Course",
    "DevelopmentGoal",
    "Employment",
    "JobProfile",
    "JobRole",
    "Leaver",
    "MarketBenchmark",
    "Membership",
    "Mentorship",
    "ObjectiveMilestone",
    "PayPackage",
    "Person",
    "PersonDetails",
    "ProfileCapability",
    "Reward",
    "RoleDuty",
    "Segment",
    "StrategicAccount",
    "TeamEdit",
    "Training",
    "WorkLifeAction",
]
