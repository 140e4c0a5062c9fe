"""Acts on what a role asks for and answers for: its profile with capabilities, and its part in activities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from teams.models import AccountObjective, Capability, JobProfile, JobRole, ProfileCapability, RoleDuty
from teams.services.care.rules import WordsMissing

KEEPERS = [Role.COMP_ADMIN, Role.HR_LEGAL]


class ProfileOutOfRange(Refusal):
    """Levels of a profile go from 1 to 5, its percentile from 1 to 99."""


class TwoAnswer(Refusal):
    """One role answers for an activity."""


@act
def job_profile_put(
    *,
    role_id: UUID,
    said: Mapping[str, Any],
    responsibilities: str,
    needs: Mapping[Capability, int],
    by: User,
    at: datetime,
) -> JobProfile:
    """
    Say what a role is for, what it asks of who holds it, and which capabilities at which level.

    `said` are `purpose`, `requirements`, `selection_steps`, `level` and `market_percentile`; capabilities that are
    not in `needs` are not asked for any more.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises WordsMissing: if no purpose is said.
    :raises ProfileOutOfRange: if a level is none of 1 to 5, or the percentile none of 1 to 99.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Keeping job profiles")
    role = JobRole.objects.select_for_update(no_key=True).get(pk=role_id)
    if not said["purpose"].strip():
        raise WordsMissing("Say what the role is for.")
    outside = ProfileOutOfRange("Levels go from 1 to 5, the percentile from 1 to 99.")
    names = ("job_profiles_percentile_is_one", "profile_capabilities_level_is_one_to_five")
    with refusing(dict.fromkeys(names, outside)):
        profile, _made = JobProfile.objects.update_or_create(
            role=role, defaults=dict(said), create_defaults={**said, "created_by": by}
        )
        ProfileCapability.objects.filter(profile=profile).exclude(capability__in=needs).delete()
        for capability, level in needs.items():
            ProfileCapability.objects.update_or_create(
                profile=profile, capability=capability, defaults={"level": level}
            )
    role.responsibilities = responsibilities
    role.save(update_fields=["responsibilities"])
    return profile


@act
def role_duty_put(
    *,
    role_id: UUID,
    activity: str,
    part: str,
    objective: AccountObjective | None = None,
    by: User,
    at: datetime,
) -> RoleDuty:
    """
    Say which part a role has in an activity; said again, the part is another.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises WordsMissing: if the activity has no words.
    :raises TwoAnswer: if another role answers for the activity already.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Saying who does what")
    if not activity.strip():
        raise WordsMissing("Say which activity it is.")
    law = {
        "role_duties_one_answers": TwoAnswer(
            "Another role answers for “%(activity)s” already: one does.", activity=activity
        )
    }
    with refusing(law):
        duty, _made = RoleDuty.objects.update_or_create(
            role_id=role_id,
            activity=activity.strip(),
            objective=objective,
            defaults={"part": part},
            create_defaults={"part": part, "created_by": by},
        )
    return duty


@act
def role_duty_remove(*, duty_id: UUID, by: User, at: datetime) -> JobRole:
    """
    Take a role's part in an activity away; return the role.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Saying who does what")
    duty = RoleDuty.objects.select_related("role").get(pk=duty_id)
    duty.delete()
    return duty.role
