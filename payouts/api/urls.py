"""The addresses under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from payouts.api.calculations import CalculationCreate
from payouts.api.differences import RunDiffShow
from payouts.api.files import ExportFile
from payouts.api.statements import StatementShow

urlpatterns: list[URLPattern | URLResolver] = [
    path("calculations", CalculationCreate.as_view(), name="calculation-create"),
    path("statements/<str:key>/<str:period>", StatementShow.as_view(), name="statement-document"),
    path("run-diffs/<str:old>/<str:new>", RunDiffShow.as_view(), name="run-diff-show"),
    path("exports/<str:key>/file", ExportFile.as_view(), name="export-file"),
]
