"""The addresses of scorecards, metrics and objectives."""

from django.urls import path

from scorecards import views

app_name = "scorecards"
urlpatterns = [
    path("scorecards", views.ScorecardMatrix.as_view(), name="scorecard-matrix"),
    path("scorecards/edit", views.MatrixEdit.as_view(), name="matrix-edit"),
    path("scorecards/undo/<uuid:batch_id>", views.CellsUndo.as_view(), name="cells-undo"),
    path("my/objectives", views.ObjectiveList.as_view(), name="objective-list"),
    path("my/objectives/<uuid:objective_id>/rate", views.ObjectiveRate.as_view(), name="objective-rate"),
    path("accounts/<uuid:account_id>/programme", views.ProgrammeShow.as_view(), name="programme-show"),
    path("accounts/<uuid:account_id>/programme/change", views.ProgrammePut.as_view(), name="programme-put"),
    path("accounts/<uuid:account_id>/objectives/new", views.ObjectivePut.as_view(), name="objective-new"),
    path(
        "accounts/<uuid:account_id>/objectives/<uuid:objective_id>",
        views.ObjectivePut.as_view(),
        name="objective-put",
    ),
]
