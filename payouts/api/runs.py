"""Runs: asked for, followed, read, decided on."""

from http import HTTPStatus

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done, Part
from kamcomp.api.fields import amounts, choice, flag, moment, ref, text, whole
from kamcomp.api.problems import Problem, answered_with
from kamcomp.api.public_ids import NotAnId, own_uuid
from kamcomp.api.resources import Expand, Resource, register
from kamcomp.api.sent import StrictSerializer
from kamcomp.calendar.models import Period
from payouts.api.run_acts import RUN_DECISIONS
from payouts.choices import RunKind, RunStatus
from payouts.models import Run
from payouts.selectors.runs import run_progress
from payouts.services.runs import ACTIVE, PeriodLocked, PeriodNotOpen, RunUnderReview, run_request

answered_with(HTTPStatus.CONFLICT, PeriodLocked, PeriodNotOpen, RunUnderReview)


class RunAskSerializer(StrictSerializer):
    """What a run is asked for: a period, by its id or its code."""

    period = serializers.CharField(help_text="The period's id, or its code: 2026-Q3.", max_length=60)
    calendar = serializers.CharField(
        required=False, help_text="The calendar's code, where two have such a period.", max_length=60
    )
    whole = serializers.BooleanField(default=False, help_text="Compute everybody, taking nothing over.")


class RunProgressSerializer(serializers.Serializer):
    """How far a run is."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    chunks = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Chunks that are done.")
    failed = serializers.IntegerField()
    people = serializers.IntegerField()
    people_done = serializers.IntegerField()
    problems = serializers.IntegerField()


def period_said(*, said: str, calendar: str = "") -> Period:
    """
    Return the period of an id or a code.

    :raises Problem: 422 if there is none, or several have the code.
    """
    try:
        rows = Period.objects.filter(pk=own_uuid("prd", said))
    except NotAnId:
        rows = Period.objects.filter(code=said, **({"calendar__code": calendar} if calendar else {}))
    found = list(rows[:2])
    if len(found) != 1:
        why = "several calendars have it: say which" if found else "there is no such period"
        raise Problem(
            422,
            code="period_unknown",
            detail=f"{said}: {why}.",
            errors=[{"pointer": "/period", "code": "period_unknown", "detail": f"{why}."}],
        )
    return found[0]


def _asked(asked: Asked) -> Done:
    typed = asked.typed
    period = period_said(said=typed["period"], calendar=typed.get("calendar", ""))
    run = run_request(period=period, by=asked.user, at=asked.at, whole=typed["whole"])
    return Done(
        pk=run.pk,
        status=HTTPStatus.ACCEPTED,
        ended=lambda: not Run.objects.filter(pk=run.pk, status__in=ACTIVE).exists(),
    )


def _progress(asked: Asked) -> dict[str, object]:
    seen = run_progress(run_id=asked.row.pk)
    return {
        "status": seen.status,
        "chunks": seen.chunks,
        "done": seen.done,
        "failed": seen.failed,
        "people": seen.people,
        "people_done": seen.people_done,
        "problems": seen.problems,
    }


RUNS = Resource(
    name="runs",
    noun="run",
    prefix="run",
    model=Run,
    about="Computations of a period's payouts; numbered, kept, one of a period is current.",
    fields=(
        ref("id", "run", "pk"),
        ref("period_id", "prd"),
        text("period_code", "period__code"),
        ref("calendar_id", "cal"),
        whole("number"),
        choice("kind", RunKind),
        choice("status", RunStatus),
        flag("current", "is_current"),
        whole("people"),
        amounts("totals", about="What it pays, by currency."),
        moment("known_at", about="Facts recorded up to this instant are read."),
        text("input_digest"),
        text("result_digest"),
        moment("started_at"),
        moment("finished_at"),
        moment("reviewed_at"),
        moment("approved_at"),
        moment("locked_at"),
        text("error"),
    ),
    filters=(
        by.by_id("period", "prd", "period_id", code="period__code"),
        by.by_id("calendar", "cal", "calendar_id", code="calendar__code"),
        by.by_choice("status", RunStatus),
        by.by_flag("current", "is_current"),
    ),
    orders={"number": "number", "known_at": "known_at"},
    changed="audit",
    expands=(Expand(name="period", resource="periods", source="period_id"),),
    acts=(
        Act(
            noun="run_request",
            about="Ask for a run of a period. The one under way is returned if there is one; workers compute it.",
            perform=_asked,
            body=RunAskSerializer,
            statuses=(202,),
            example={"period": "2026-Q3"},
        ),
        *RUN_DECISIONS,
    ),
    parts=(
        Part(
            name="progress",
            noun="run_progress",
            about="How far a run is, counted from its chunks.",
            shown=_progress,
            body=RunProgressSerializer,
        ),
    ),
)

register(RUNS)
