"""Acts on what HR keeps of people besides pay; each is HR's and legal's alone, and its rows are kept until a day."""

from teams.services.care.candidates import candidate_put, candidate_score
from teams.services.care.erasure import care_erase_due, care_row_remove
from teams.services.care.leaving import account_relationship_put, leaver_record, market_benchmark_put
from teams.services.care.people import (
    capability_scores_put,
    development_goal_put,
    mentor_set,
    reward_give,
    training_assign,
    training_done,
    work_life_agree,
)
from teams.services.care.roles import job_profile_put, role_duty_put, role_duty_remove

__all__ = [
    "account_relationship_put",
    "candidate_put",
    "candidate_score",
    "capability_scores_put",
    "care_erase_due",
    "care_row_remove",
    "development_goal_put",
    "job_profile_put",
    "leaver_record",
    "market_benchmark_put",
    "mentor_set",
    "reward_give",
    "role_duty_put",
    "role_duty_remove",
    "training_assign",
    "training_done",
    "work_life_agree",
]
