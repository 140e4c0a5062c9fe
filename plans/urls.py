"""The addresses of plans, and of the metrics they read."""

from django.urls import path

from plans import views

app_name = "plans"
urlpatterns = [
    path("plans", views.PlanList.as_view(), name="plan-list"),
    path("plans/new", views.PlanPropose.as_view(), name="plan-propose"),
    path("plans/compare", views.VersionCompare.as_view(), name="version-compare"),
    path("plans/drafts", views.DraftList.as_view(), name="draft-list"),
    path("plans/drafts/new", views.DraftBegin.as_view(), name="draft-begin"),
    path("plans/drafts/<uuid:draft_id>", views.DraftDesign.as_view(), name="draft-design"),
    path("plans/drafts/<uuid:draft_id>/brief", views.DraftBriefShow.as_view(), name="draft-brief"),
    path("plans/drafts/<uuid:draft_id>/submit", views.DraftSubmit.as_view(), name="draft-submit"),
    path("plans/drafts/<uuid:draft_id>/discard", views.DraftDiscard.as_view(), name="draft-discard"),
    path("plans/drafts/<uuid:draft_id>/resume", views.DraftResume.as_view(), name="draft-resume"),
    path("plans/drafts/<uuid:draft_id>/document", views.DraftDocument.as_view(), name="draft-document"),
    path("plans/<uuid:plan_id>", views.PlanShow.as_view(), name="plan-show"),
    path("plans/versions/<uuid:version_id>", views.PlanShow.as_view(), name="version-show"),
    path(
        "plans/versions/<uuid:version_id>/document", views.VersionDocument.as_view(), name="version-document"
    ),
    path("plans/versions/<uuid:version_id>/approval", views.VersionDecide.as_view(), name="version-decide"),
    path("plans/versions/<uuid:version_id>/send", views.AcceptanceSend.as_view(), name="acceptance-send"),
    path("acceptances", views.AcceptanceList.as_view(), name="acceptance-list"),
    path("acceptances/<uuid:acceptance_id>", views.AcceptanceShow.as_view(), name="acceptance-show"),
    path("acceptances/<uuid:acceptance_id>/pdf", views.AcceptancePdf.as_view(), name="acceptance-pdf"),
    path("alignment", views.AlignmentNext.as_view(), name="alignment-next"),
    path("alignment/<uuid:account_id>", views.AlignmentShow.as_view(), name="alignment-show"),
    path("metric-library", views.MetricList.as_view(), name="metric-list"),
    path("metric-library/<str:metric>", views.MetricShow.as_view(), name="metric-show"),
]
