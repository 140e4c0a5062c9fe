"""Acts on people, accounts and account teams: one function, one act, one transaction."""

from teams.services.account_edits import account_part_put, account_state_put
from teams.services.accounts import account_activate, account_exit, account_review, accounts_review
from teams.services.employment_edits import (
    person_employment_begin,
    person_employment_change,
    person_employment_end,
    person_employment_undo,
)
from teams.services.memberships import membership_add, membership_change, membership_end, membership_hand_over
from teams.services.packages import package_approve, package_propose, package_withdraw
from teams.services.people import (
    employment_begin,
    employment_change,
    employment_end,
    people_erase_due,
    person_details_put,
    person_erase,
    person_make,
    person_place_put,
    person_user_set,
)
from teams.services.programme import account_programme_put, objective_put
from teams.services.team_edits import (
    team_edit_undo,
    team_member_add,
    team_member_change,
    team_member_end,
    team_member_hand_over,
)

__all__ = [
    "account_activate",
    "account_exit",
    "account_part_put",
    "account_programme_put",
    "account_review",
    "account_state_put",
    "accounts_review",
    "employment_begin",
    "employment_change",
    "employment_end",
    "membership_add",
    "membership_change",
    "membership_end",
    "membership_hand_over",
    "objective_put",
    "package_approve",
    "package_propose",
    "package_withdraw",
    "people_erase_due",
    "person_details_put",
    "person_employment_begin",
    "person_employment_change",
    "person_employment_end",
    "person_employment_undo",
    "person_erase",
    "person_make",
    "person_place_put",
    "person_user_set",
    "team_edit_undo",
    "team_member_add",
    "team_member_change",
    "team_member_end",
    "team_member_hand_over",
]
