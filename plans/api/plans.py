"""Plans, their versions (each a document) with the way to approval, who is on them, and who accepted them."""

from http import HTTPStatus

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import choice, document, first_day, last_day, moment, ratio, ref, text, whole
from kamcomp.api.problems import answered_with
from kamcomp.api.resources import Expand, Resource, register
from kamcomp.api.sent import StrictSerializer
from plans.choices import AcceptanceStatus, PlanType, VersionStatus
from plans.models import Acceptance, Assignment, Plan, PlanVersion
from plans.services.versions import (
    ApproverDecidedAlready,
    DocumentChanged,
    DrafterCannotApprove,
    InForceAlready,
    VersionNotApproved,
    VersionNotDraft,
    VersionReturned,
    VersionsOverlap,
    version_approve,
    version_publish,
    version_return,
    version_withdraw,
)
from teams.choices import Scope

LONGEST_REASON = 2_000
answered_with(HTTPStatus.FORBIDDEN, DrafterCannotApprove, ApproverDecidedAlready)
answered_with(
    HTTPStatus.CONFLICT,
    VersionNotDraft,
    VersionNotApproved,
    VersionReturned,
    DocumentChanged,
    VersionsOverlap,
    InForceAlready,
)


class VersionApproveSerializer(StrictSerializer):
    """What is said with an approval."""

    comment = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_REASON)


class VersionReasonSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class VersionPublishSerializer(StrictSerializer):
    """Why it comes late, if its first day has come."""

    late_reason = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_REASON)


def _approved(asked: Asked) -> Done:
    version = version_approve(
        version_id=asked.row.pk, comment=asked.typed["comment"], by=asked.user, at=asked.at
    )
    return Done(pk=version.pk)


def _returned(asked: Asked) -> Done:
    version = version_return(
        version_id=asked.row.pk, reason=asked.typed["reason"], by=asked.user, at=asked.at
    )
    return Done(pk=version.pk)


def _published(asked: Asked) -> Done:
    version = version_publish(
        version_id=asked.row.pk, late_reason=asked.typed["late_reason"], by=asked.user, at=asked.at
    )
    return Done(pk=version.pk)


def _withdrawn(asked: Asked) -> Done:
    version = version_withdraw(
        version_id=asked.row.pk, reason=asked.typed["reason"], by=asked.user, at=asked.at
    )
    return Done(pk=version.pk)


PLANS = Resource(
    name="plans",
    noun="plan",
    prefix="pln",
    model=Plan,
    about="Deals with a name; their versions say what they are.",
    fields=(
        ref("id", "pln", "pk"),
        text("external_id", "code"),
        text("name"),
        choice("type", PlanType, "plan_type"),
        ref("account_id", "acc"),
        ref("calendar_id", "cal"),
        moment("created_at"),
    ),
    filters=(
        by.by_choice("type", PlanType, "plan_type"),
        by.by_id("account", "acc", "account_id", code="account__node__code"),
    ),
    orders={"name": "name", "external_id": "code"},
    external="code",
    changed="audit",
    expands=(
        Expand(name="account", resource="accounts", source="account_id"),
        Expand(name="versions", resource="versions", many="plan_id"),
    ),
)
VERSIONS = Resource(
    name="versions",
    noun="version",
    prefix="ver",
    scope="plans",
    model=PlanVersion,
    about="Versions of plans: one document each, never edited once it is published.",
    fields=(
        ref("id", "ver", "pk"),
        ref("plan_id", "pln"),
        whole("number"),
        choice("status", VersionStatus),
        first_day("first_day", "valid"),
        last_day("last_day", "valid"),
        text("currency"),
        text("digest", about="SHA-256 of the canonical document."),
        moment("approved_at"),
        moment("published_at"),
        document("document", about="The plan, as docs/reference/plan-language.md says."),
    ),
    filters=(
        by.by_id("plan", "pln", "plan_id", code="plan__code"),
        by.by_choice("status", VersionStatus),
    ),
    orders={"number": "number", "first_day": "valid__startswith"},
    dated="valid",
    changed="audit",
    expands=(Expand(name="plan", resource="plans", source="plan_id"),),
    acts=(
        Act(
            noun="version_approve",
            name="approve",
            about="Approve the next step of a draft, as somebody who did not prepare it.",
            perform=_approved,
            on_row=True,
            body=VersionApproveSerializer,
            matched=True,
        ),
        Act(
            noun="version_return",
            name="return",
            about="Send a draft back to who prepared it, with the reason.",
            perform=_returned,
            on_row=True,
            body=VersionReasonSerializer,
            matched=True,
            example={"reason": "The threshold is too low."},
        ),
        Act(
            noun="version_publish",
            name="publish",
            about="Publish an approved version. It is in force on its days, and stays as it is.",
            perform=_published,
            on_row=True,
            body=VersionPublishSerializer,
            matched=True,
        ),
        Act(
            noun="version_withdraw",
            name="withdraw",
            about="Withdraw a version that has not been in force.",
            perform=_withdrawn,
            on_row=True,
            body=VersionReasonSerializer,
            matched=True,
            example={"reason": "Another plan takes its place."},
        ),
    ),
)
ASSIGNMENTS = Resource(
    name="assignments",
    noun="assignment",
    prefix="asg",
    model=Assignment,
    about="A person on a plan version over a span of days.",
    fields=(
        ref("id", "asg", "pk"),
        ref("person_id", "per"),
        ref("plan_id", "pln"),
        ref("version_id", "ver", "plan_version_id"),
        ref("account_id", "acc"),
        choice("scope", Scope),
        ratio("share", about="Part of the person's variable target."),
        document("parameters", about="Named personal values."),
        first_day("first_day", "valid"),
        last_day("last_day", "valid"),
    ),
    filters=(
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_id("plan", "pln", "plan_id", code="plan__code"),
        by.by_id("account", "acc", "account_id", code="account__node__code"),
    ),
    orders={"first_day": "valid__startswith"},
    dated="valid",
    changed="audit",
    kind="assignments",
    expands=(
        Expand(name="person", resource="people", source="person_id"),
        Expand(name="plan", resource="plans", source="plan_id"),
    ),
)
ACCEPTANCES = Resource(
    name="acceptances",
    noun="acceptance",
    prefix="act",
    scope="plans",
    model=Acceptance,
    about="A version as it was put before somebody it pays, and what they said to it.",
    fields=(
        ref("id", "act", "pk"),
        ref("version_id", "ver"),
        ref("person_id", "per"),
        text("language"),
        text("digest", about="SHA-256 of the text."),
        choice("status", AcceptanceStatus),
        moment("sent_at"),
        moment("opened_at"),
        moment("answered_at"),
    ),
    filters=(
        by.by_id("version", "ver", "version_id"),
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_choice("status", AcceptanceStatus),
    ),
    orders={"sent_at": "sent_at"},
    changed="audit",
    expands=(Expand(name="person", resource="people", source="person_id"),),
)

register(PLANS, VERSIONS, ASSIGNMENTS, ACCEPTANCES)
