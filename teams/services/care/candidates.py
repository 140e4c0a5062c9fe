"""Acts on candidates for a role: who they are and where from, and how far they have what the role asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from teams.models import Candidate, Capability, CapabilityScore
from teams.services.care.people import capability_scores_put, levels_check
from teams.services.care.rules import care_check, kept_until, own_check, words_check


class CandidateUnclear(Refusal):
    """Somebody from here is a person, somebody from outside says from where."""


class CandidateExists(Refusal):
    """A candidate's code means one candidacy."""


@act
def candidate_put(*, candidate_id: UUID | None, said: Mapping[str, Any], by: User, at: datetime) -> Candidate:
    """
    Keep a candidate for a role, or what became of one; `said` are the fields of a candidate.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises CandidateUnclear: if it is not said who, or from where.
    :raises CandidateExists: if the code is another's.
    :raises HealthNamed: if the note says something about health.
    """
    care_check(by=by, at=at, act="Keeping candidates")
    words_check(said.get("note", ""))
    one = Candidate.objects.get(pk=candidate_id) if candidate_id else Candidate(created_by=by)
    for name, value in said.items():
        setattr(one, name, value)
    if one.person is not None:
        own_check(user_id=one.person.user_id, by=by)
    if not one.retain_until:
        one.retain_until = kept_until(day=one.since, at=at)
    laws = {
        "candidates_from_here_are_people": CandidateUnclear(
            "Say who it is of somebody from here, and from where somebody from outside comes."
        ),
        "teams_candidate_code_key": CandidateExists(
            "The code %(code)s is another candidate's.", code=one.code
        ),
    }
    with refusing(laws):
        one.save()
    return one


@act
def candidate_score(
    *, candidate_id: UUID, levels: Mapping[Capability, int], on: date, by: User, at: datetime
) -> list[CapabilityScore]:
    """
    Say how far a candidate has capabilities; of somebody from here it is said of the person.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises LevelOutOfRange: if a level is none of 0 to 5.
    """
    care_check(by=by, at=at, act="Judging candidates")
    one = Candidate.objects.get(pk=candidate_id)
    if one.person_id is not None:
        return capability_scores_put(person_id=one.person_id, levels=levels, on=on, by=by, at=at)
    levels_check(levels=levels)
    return [
        CapabilityScore.objects.update_or_create(
            person=None,
            candidate=one,
            capability=capability,
            judged_on=on,
            defaults={"level": level, "retain_until": one.retain_until},
            create_defaults={"level": level, "retain_until": one.retain_until, "created_by": by},
        )[0]
        for capability, level in levels.items()
    ]
