"""
Single memberships of account teams over REST: begun, changed from a day on, handed over, ended; for who edits teams.

Each is an edit of the team sheet in the browser, where it can be undone. Files and batches bring in many.
"""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers

from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import DECIMAL
from kamcomp.api.named import LONGEST, row_named, rows_named
from kamcomp.api.problems import answered_with
from kamcomp.api.sent import StrictSerializer
from teams.choices import Link, Scope, Seat
from teams.models import Membership, TeamEdit
from teams.selectors.teams import membership_state
from teams.services.memberships import KamAlready, MemberAlready
from teams.services.team_edits import (
    MembershipChangedMeanwhile,
    team_member_add,
    team_member_change,
    team_member_end,
    team_member_hand_over,
)

answered_with(HTTPStatus.CONFLICT, KamAlready, MemberAlready)
answered_with(HTTPStatus.PRECONDITION_FAILED, MembershipChangedMeanwhile)
MOST_SEGMENTS, LONGEST_REASON, LONGEST_SHARE = 100, 200, 12
NAMED = {"role": "roles", "leader": "people", "node": "nodes"}


def _named(about: str, **said: Any) -> serializers.CharField:
    return serializers.CharField(max_length=LONGEST, help_text=f"An id, or {about}.", **said)


class TermsSerializer(StrictSerializer):
    """What a membership says of its person; what is left out stays, or is as usual."""

    seat = serializers.ChoiceField(choices=Seat.choices, required=False)
    link = serializers.ChoiceField(choices=Link.choices, required=False)
    scope = serializers.ChoiceField(choices=Scope.choices, required=False)
    dedication = serializers.RegexField(
        DECIMAL, max_length=LONGEST_SHARE, required=False, help_text="Share of working time; 1 is 100 %."
    )
    leader = _named("an employee id; null: nobody", required=False, allow_null=True)
    node = _named("the code of a part of the account; null: all of it", required=False, allow_null=True)
    segments = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST),
        required=False,
        max_length=MOST_SEGMENTS,
        help_text="Ids or codes: the whole set.",
    )
    pool_eligible = serializers.BooleanField(required=False, help_text="May share in the account's pool.")
    opt_out_reason = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_REASON)


class MemberAddSerializer(TermsSerializer):
    """A person who joins an account team."""

    account = _named("the account's code")
    person = _named("an employee id")
    role = _named("a role's code")
    since = serializers.DateField(help_text="First day.")
    last_day = serializers.DateField(required=False, allow_null=True, help_text="Included; null: open.")


class MemberChangeSerializer(TermsSerializer):
    """What is another from a day on."""

    since = serializers.DateField(help_text="First day on which it holds.")
    role = _named("a role's code", required=False)


class MemberEndSerializer(StrictSerializer):
    """The last day."""

    last_day = serializers.DateField(help_text="Included.")


class MemberHandOverSerializer(StrictSerializer):
    """Who takes over, and from which day on."""

    to = _named("an employee id")
    since = serializers.DateField(help_text="The new one's first day.")


def _terms(asked: Asked) -> dict[str, Any]:
    """Return what was said of a membership, by property."""
    typed = {name: value for name, value in asked.typed.items() if name in TermsSerializer().fields}
    for name, resource in NAMED.items():
        if name in asked.typed:
            typed[name] = row_named(asked, field=name, resource=resource)
    if "segments" in typed:
        typed["segments"] = rows_named(asked, field="segments", resource="segments")
    if "dedication" in typed:
        typed["dedication"] = Decimal(typed["dedication"])
    return typed


def _done(edit: TeamEdit, *, status: int = HTTPStatus.OK) -> Done:
    """Return the membership that an edit left: the one that it made, or the one it changed."""
    made = [key for key, before in edit.before.items() if before is None]
    return Done(pk=UUID((made or list(edit.before))[0]), status=status)


def _seen(asked: Asked) -> dict[str, Any]:
    row: Membership = asked.row
    return {
        "membership_id": row.pk,
        "seen": membership_state(membership=row),
        "by": asked.user,
        "at": asked.at,
    }


def _added(asked: Asked) -> Done:
    edit = team_member_add(
        account_id=row_named(asked, field="account", resource="accounts").pk,
        person=row_named(asked, field="person", resource="people"),
        since=asked.typed["since"],
        last_day=asked.typed.get("last_day"),
        by=asked.user,
        at=asked.at,
        **_terms(asked),
    )
    return _done(edit, status=HTTPStatus.CREATED)


def _changed(asked: Asked) -> Done:
    return _done(team_member_change(since=asked.typed["since"], changes=_terms(asked), **_seen(asked)))


def _ended(asked: Asked) -> Done:
    return _done(team_member_end(last_day=asked.typed["last_day"], **_seen(asked)))


def _handed_over(asked: Asked) -> Done:
    to = row_named(asked, field="to", resource="people")
    return _done(team_member_hand_over(to=to, since=asked.typed["since"], **_seen(asked)))


# An edit locks the account's row first, so that edits of a team queue up: the membership is not locked before it.
MEMBER_ACTS = (
    Act(
        noun="team_member_add",
        about="Put a person on an account team from a day on.",
        perform=_added,
        body=MemberAddSerializer,
        statuses=(201,),
        example={
            "account": "NORTHWIND",
            "person": "HR-1042",
            "role": "SOLUTION",
            "since": "2027-01-01",
            "dedication": "0.4",
        },
    ),
    Act(
        noun="team_member_change",
        about="Change a membership from a day on. The old one ends the day before; the answer is what holds from then.",
        perform=_changed,
        on_row=True,
        locked=False,
        method="patch",
        body=MemberChangeSerializer,
        matched=True,
        example={"since": "2027-01-01", "dedication": "0.6"},
    ),
    Act(
        noun="team_member_end",
        name="end",
        about="Let a membership end after its last day. An account left without a key account manager goes to review.",
        perform=_ended,
        on_row=True,
        locked=False,
        body=MemberEndSerializer,
        matched=True,
        example={"last_day": "2026-12-31"},
    ),
    Act(
        noun="team_member_hand_over",
        name="hand-over",
        about="Let another person take a membership over from a day on. The answer is the new membership.",
        perform=_handed_over,
        on_row=True,
        locked=False,
        body=MemberHandOverSerializer,
        matched=True,
        example={"to": "HR-1043", "since": "2027-01-01"},
    ),
)
