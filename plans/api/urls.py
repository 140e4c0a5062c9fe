"""The addresses of `plans` under /api/v1/ that are no resource."""

from django.urls import URLPattern, URLResolver, path

from plans.api.curves import CurveEvaluate

urlpatterns: list[URLPattern | URLResolver] = [
    path("curves:evaluate", CurveEvaluate.as_view(), name="curve-evaluate"),
]
