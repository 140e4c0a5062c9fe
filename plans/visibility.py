"""Who sees the deals: plans, their versions, and who is on them."""

from uuid import UUID

from django.db.models import Q

from kamcomp.approvals.keeping import rules_keep_for_hr
from kamcomp.identity.choices import Role
from kamcomp.visibility import Sight, Viewer, seen
from plans.checks.registry import rules_in_order
from plans.choices import VersionStatus
from plans.models import (
    Acceptance,
    Assignment,
    Draft,
    DraftBrief,
    DraftStep,
    Plan,
    PlanVersion,
    Replay,
    Scenario,
)
from teams.visibility import HELD, OWN, PAY, REPORTS, STRUCTURE, held_accounts, own_people

ROOM = "plans"
SIGNATURES = (Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.AUDITOR)
"""Who sees everybody's answers: the text names the reader's own target, so programs do not."""

# What is asked once a viewer --------------------------------------------------------------------------------


def own_versions(viewer: Viewer) -> list[tuple[UUID, UUID]]:
    """Return the published plan versions the viewer is or was on, each with its plan."""
    return _assigned(Q(person_id__in=viewer.once(own_people)))


def held_versions(viewer: Viewer) -> list[tuple[UUID, UUID]]:
    """Return the published plan versions that pay somebody for an account the viewer holds, each with its plan."""
    return _assigned(Q(account_id__in=viewer.once(held_accounts)))


def _assigned(to: Q) -> list[tuple[UUID, UUID]]:
    rows = Assignment.objects.filter(to, plan_version__status=VersionStatus.PUBLISHED)
    return list(rows.values_list("plan_version_id", "plan_id").distinct())


# Sights -----------------------------------------------------------------------------------------------------

OWN_PLANS = Sight(
    "they are or were on", lambda viewer: Q(pk__in={plan for _, plan in viewer.once(own_versions)})
)
HELD_PLANS = Sight(
    "of accounts they hold", lambda viewer: Q(pk__in={plan for _, plan in viewer.once(held_versions)})
)
OWN_VERSIONS = Sight(
    "published ones they are or were on",
    lambda viewer: Q(pk__in={version for version, _ in viewer.once(own_versions)}),
)
HELD_VERSIONS = Sight(
    "published ones of accounts they hold",
    lambda viewer: Q(pk__in={version for version, _ in viewer.once(held_versions)}),
)

seen(Plan, room=ROOM, everything=STRUCTURE, kam=(HELD_PLANS, OWN_PLANS), payee=OWN_PLANS)
seen(PlanVersion, room=ROOM, everything=STRUCTURE, kam=(HELD_VERSIONS, OWN_VERSIONS), payee=OWN_VERSIONS)
seen(Draft, DraftBrief, DraftStep, room=ROOM, everything=STRUCTURE)
seen(Acceptance, room=ROOM, everything=SIGNATURES, executive=REPORTS, kam=(OWN, REPORTS), payee=OWN)
seen(Assignment, room=ROOM, everything=PAY, executive=REPORTS, kam=(HELD, OWN, REPORTS), payee=OWN)
seen(Replay, Scenario, room=ROOM, everything=STRUCTURE)
rules_keep_for_hr(rules=(rule.id for rule in rules_in_order() if rule.for_hr))
