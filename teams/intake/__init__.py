"""
Files about people, accounts and teams: the kinds and their row rules.

Rules: docs/reference/files.md.
"""

from kamcomp.imports.kinds import register
from teams.intake.accounts import ACCOUNTS, SEGMENTS
from teams.intake.care import CARE
from teams.intake.memberships import TEAM_MEMBERSHIPS
from teams.intake.objectives import OBJECTIVES
from teams.intake.people import EMPLOYMENTS, JOB_ROLES, PACKAGES, PEOPLE
from teams.intake.profiles import CAPABILITIES, COURSES, JOB_PROFILES, PROFILE_CAPABILITIES, ROLE_DUTIES

register(SEGMENTS, ACCOUNTS, JOB_ROLES, PEOPLE, EMPLOYMENTS, PACKAGES, TEAM_MEMBERSHIPS, OBJECTIVES)
register(CAPABILITIES, COURSES, JOB_PROFILES, PROFILE_CAPABILITIES, ROLE_DUTIES, *CARE)
