"""Files out: what was written of a locked run, and asking for one."""

from http import HTTPStatus

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import choice, moment, ref, text, whole
from kamcomp.api.problems import Problem
from kamcomp.api.public_ids import example_id
from kamcomp.api.resources import Resource, register, resource_named
from kamcomp.api.sent import StrictSerializer
from kamcomp.jobs.models import Job
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export
from payouts.services.export_jobs import export_request


class ExportAskSerializer(StrictSerializer):
    """Which file of which run."""

    run_id = serializers.CharField(max_length=40)
    profile = serializers.ChoiceField(choices=ExportProfile.choices)
    format = serializers.ChoiceField(choices=ExportFormat.choices)


def _asked(asked: Asked) -> Done:
    runs = resource_named("runs")
    pk = runs.pk_of(asked.typed["run_id"])
    run = None if pk is None else runs.rows(viewer=asked.viewer).filter(pk=pk).first()
    if run is None:
        detail = "There is no run of this id that you may see."
        raise Problem(
            422,
            code="run_unknown",
            detail=detail,
            errors=[{"pointer": "/run_id", "code": "run_unknown", "detail": detail}],
        )
    job = export_request(
        run=run,
        profile=ExportProfile(asked.typed["profile"]),
        file_format=ExportFormat(asked.typed["format"]),
        by=asked.user,
        at=asked.at,
    )
    return Done(
        pk=job.pk,
        status=HTTPStatus.ACCEPTED,
        resource="jobs",
        ended=lambda: Job.objects.get(pk=job.pk).ended,
    )


EXPORTS = Resource(
    name="exports",
    noun="export",
    prefix="exp",
    model=Export,
    about="Files written of locked runs, each once, with its digest.",
    fields=(
        ref("id", "exp", "pk"),
        ref("run_id", "run"),
        choice("profile", ExportProfile),
        choice("format", ExportFormat),
        text("filename"),
        whole("rows"),
        text("sha256"),
        moment("exported_at"),
    ),
    filters=(
        by.by_id("run", "run", "run_id"),
        by.by_choice("profile", ExportProfile),
        by.by_choice("file_format", ExportFormat, "format"),
    ),
    orders={"exported_at": "exported_at"},
    changed="exported_at",
    acts=(
        Act(
            noun="export_request",
            about="Ask for a file of a locked run. It is written by a worker: the answer is the job.",
            perform=_asked,
            body=ExportAskSerializer,
            statuses=(202,),
            answers={202: "jobs"},
            example={"run_id": example_id("run"), "profile": "payroll", "format": "csv"},
        ),
    ),
)

register(EXPORTS)
