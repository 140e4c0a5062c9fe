"""The pages of account teams."""

from teams.views.members import (
    TeamEditUndo,
    TeamMemberAdd,
    TeamMemberChange,
    TeamMemberEnd,
    TeamMemberHandOver,
)
from teams.views.teams import TeamList, TeamShow

__all__ = [
    "TeamEditUndo",
    "TeamList",
    "TeamMemberAdd",
    "TeamMemberChange",
    "TeamMemberEnd",
    "TeamMemberHandOver",
    "TeamShow",
]
