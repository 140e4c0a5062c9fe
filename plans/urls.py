"""The addresses of plans, and of the metrics they read."""

from django.urls import path

from plans import views

app_name = "plans"
urlpatterns = [
    path("plans", views.PlanList.as_view(), name="plan-list"),
    path("plans/compare", views.VersionCompare.as_view(), name="version-compare"),
    path("plans/<uuid:plan_id>", views.PlanShow.as_view(), name="plan-show"),
    path("plans/versions/<uuid:version_id>", views.PlanShow.as_view(), name="version-show"),
    path(
        "plans/versions/<uuid:version_id>/document", views.VersionDocument.as_view(), name="version-document"
    ),
    path("metric-library", views.MetricList.as_view(), name="metric-list"),
    path("metric-library/<str:metric>", views.MetricShow.as_view(), name="metric-show"),
]
