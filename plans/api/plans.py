"""Plans, their versions (each a document), who is on them, and who accepted them."""

from kamcomp.api import filters as by
from kamcomp.api.fields import choice, document, first_day, last_day, moment, ratio, ref, text, whole
from kamcomp.api.resources import Expand, Resource, register
from plans.choices import AcceptanceStatus, PlanType, VersionStatus
from plans.models import Acceptance, Assignment, Plan, PlanVersion
from teams.choices import Scope

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
