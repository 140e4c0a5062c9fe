"""What a plan was looked at with before it paid: findings of checks, replays on the past, simulations kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import Field, choice, document, moment, money, ref, text, texts, whole
from kamcomp.api.filters import Filter
from kamcomp.api.problems import Problem
from kamcomp.api.public_ids import example_id, id_pattern, own_uuid, public_id
from kamcomp.api.resources import Expand, Resource, Rows, register, resource_named
from kamcomp.api.sent import StrictSerializer
from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.jobs.models import Job
from payouts.models import Pool, ReplayPerson, Run
from payouts.services.replay_jobs import replay_request
from payouts.services.replays import USUAL_PERIODS
from plans.choices import ReplayKind
from plans.models import PlanVersion, Replay, Scenario

SUBJECTS = {
    model._meta.db_table: prefix for model, prefix in ((PlanVersion, "ver"), (Run, "run"), (Pool, "pool"))
}
MOST_PERIODS = 12


def _subject_shown(table: str, pk: str) -> str:
    return public_id(SUBJECTS[table], UUID(pk))


def _subject_read(said: str) -> tuple[str, str]:
    for table, prefix in SUBJECTS.items():
        if said.startswith(f"{prefix}_"):
            return table, str(own_uuid(prefix, said))
    raise ValueError("say the id of a plan version, a run or a pool.")


def _of_subjects(rows: Rows) -> Rows:
    return rows.filter(subject_table__in=SUBJECTS)


SUBJECT = Field(
    name="subject_id",
    sources=("subject_table", "subject_id"),
    shown=_subject_shown,
    documented=lambda _null: serializers.CharField(
        help_text="A plan version (ver_), a run (run_) or a pool (pool_)."
    ),
)
OF_SUBJECT = Filter(
    name="subject",
    read=_subject_read,
    condition=lambda found: Q(subject_table=found[0], subject_id=found[1]),
    about="The id of a plan version, a run or a pool.",
    type={
        "type": "string",
        "pattern": f"^({'|'.join(id_pattern(each, numbered=False) for each in SUBJECTS.values())})$",
    },
)
CHECKS = Resource(
    name="checks",
    noun="check",
    prefix="fnd",
    model=Finding,
    about="What checks found on plan versions, runs and pools, and what became of it.",
    fields=(
        ref("id", "fnd", "pk"),
        SUBJECT,
        text("rule", about="As docs/reference/checks.md names it."),
        text("message"),
        text("value", about="What was found."),
        text("limit", about="What it was held against."),
        choice("severity", Severity),
        choice("status", FindingStatus),
        text("settled_reason"),
        moment("found_at"),
        moment("settled_at"),
    ),
    filters=(
        OF_SUBJECT,
        by.by_text("rule"),
        by.by_choice("severity", Severity),
        by.by_choice("status", FindingStatus),
    ),
    orders={"found_at": "found_at"},
    narrowed=_of_subjects,
    changed="audit",
)


class ReplayAskSerializer(StrictSerializer):
    """Which version is tried on how many of the last locked periods, and on whose people."""

    version_id = serializers.CharField(max_length=40)
    periods = serializers.IntegerField(default=USUAL_PERIODS, min_value=1, max_value=MOST_PERIODS)
    people_of = serializers.ListField(
        child=serializers.CharField(max_length=60),
        default=list,
        help_text="Codes of plans whose people it is tried on; none: the version's own.",
    )


def _replayed(asked: Asked) -> Done:
    versions = resource_named("versions")
    pk = versions.pk_of(asked.typed["version_id"])
    version = None if pk is None else versions.rows(viewer=asked.viewer).filter(pk=pk).first()
    if version is None:
        detail = "There is no plan version of this id that you may see."
        raise Problem(
            422,
            code="version_unknown",
            detail=detail,
            errors=[{"pointer": "/version_id", "code": "version_unknown", "detail": detail}],
        )
    found = replay_request(
        subject=version,
        by=asked.user,
        at=asked.at,
        periods=asked.typed["periods"],
        people_of=asked.typed["people_of"],
    )
    if isinstance(found, Replay):
        return Done(pk=found.pk, status=HTTPStatus.CREATED)
    return Done(
        pk=found.pk,
        status=HTTPStatus.ACCEPTED,
        resource="jobs",
        ended=lambda: Job.objects.get(pk=found.pk).ended,
    )


def _of(*names: tuple[str, str]) -> tuple[Any, ...]:
    return tuple(by.by_id(name, prefix, f"{name}_id") for name, prefix in names)


REPLAYS = Resource(
    name="replays",
    noun="replay",
    prefix="rpl",
    model=Replay,
    about="What a plan version would have paid in locked periods. None of it is pay.",
    fields=(
        ref("id", "rpl", "pk"),
        ref("version_id", "ver", about="null: of a working draft."),
        choice("kind", ReplayKind),
        moment("at"),
        texts("periods"),
        texts("people_of", about="Codes of the plans whose people it was tried on."),
        whole("people"),
        money("paid"),
        money("replayed"),
        money("pools_paid"),
        money("pools_replayed"),
        document("figures", about="Sums by period, by leaf and by pool."),
        texts("problems", about="Who could not be replayed, and why."),
        text("version_digest"),
        text("input_digest"),
        text("result_digest"),
    ),
    filters=(*_of(("version", "ver")), by.by_choice("kind", ReplayKind)),
    orders={"at": "at"},
    changed="at",
    expands=(Expand(name="version", resource="versions", source="version_id"),),
    acts=(
        Act(
            noun="replay_request",
            about="Replay a plan version. A short one is answered with the replay (201), a long one with a job (202).",
            perform=_replayed,
            body=ReplayAskSerializer,
            statuses=(201, 202),
            answers={202: "jobs"},
            example={"version_id": example_id("ver"), "periods": 4},
        ),
    ),
)
REPLAY_PEOPLE = Resource(
    name="replay-people",
    noun="replay_person",
    prefix="rpp",
    scope="replays",
    model=ReplayPerson,
    about="People of replays: what each was paid, and what the plan would have paid.",
    fields=(
        ref("id", "rpp", "pk"),
        ref("replay_id", "rpl"),
        ref("person_id", "per"),
        text("employee_id", "person__employee_id"),
        text("account"),
        money("target"),
        money("paid"),
        money("replayed"),
        money("difference"),
        document("figures", about="Both, by period and by leaf."),
    ),
    filters=(
        *_of(("replay", "rpl")),
        by.by_id("person", "per", "person_id", code="person__employee_id"),
    ),
    orders={"difference": "difference"},
    total="difference",
)
SIMULATIONS = Resource(
    name="simulations",
    noun="simulation",
    prefix="sim",
    model=Scenario,
    about="Simulations that were kept under a name: what was asked, and the spread of what a plan would cost.",
    fields=(
        ref("id", "sim", "pk"),
        text("name"),
        ref("version_id", "ver", about="null: of a working draft."),
        moment("at"),
        text("currency"),
        whole("people"),
        whole("draws"),
        document("asked", about="What it was asked, by field; with its seed the same figures come again."),
        document("figures", about="Quantiles of cost, cost at stated results, chances by measure; as text."),
        text("document_digest"),
    ),
    filters=_of(("version", "ver")),
    orders={"at": "at", "name": "name"},
    changed="at",
    expands=(Expand(name="version", resource="versions", source="version_id"),),
)

register(CHECKS, REPLAYS, REPLAY_PEOPLE, SIMULATIONS)
