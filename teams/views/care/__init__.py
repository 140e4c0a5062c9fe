"""The pages of what HR keeps of people besides pay, and of what roles ask for and answer for."""

from teams.views.care.candidates import CandidateCompare, CandidateList, CandidatePut, CandidateScore
from teams.views.care.leaving import (
    LeaverList,
    MarketAdd,
    MarketList,
    RelationshipList,
    RelationshipPut,
)
from teams.views.care.people import CareAdd, CareList, CareRemove, CareShow
from teams.views.care.roles import RoleDutyAdd, RoleDutyRemove, RoleList, RoleProfile, RoleShow
from teams.views.care.training import TrainingDone, TrainingList

__all__ = [
    "CandidateCompare",
    "CandidateList",
    "CandidatePut",
    "CandidateScore",
    "CareAdd",
    "CareList",
    "CareRemove",
    "CareShow",
    "LeaverList",
    "MarketAdd",
    "MarketList",
    "RelationshipList",
    "RelationshipPut",
    "RoleDutyAdd",
    "RoleDutyRemove",
    "RoleList",
    "RoleProfile",
    "RoleShow",
    "TrainingDone",
    "TrainingList",
]
