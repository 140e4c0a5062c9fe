"""The addresses of scorecards, metrics and objectives."""

from django.urls import path

from scorecards import views

app_name = "scorecards"
urlpatterns = [
    path("my/objectives", views.ObjectiveList.as_view(), name="objective-list"),
    path("my/objectives/<uuid:objective_id>/rate", views.ObjectiveRate.as_view(), name="objective-rate"),
]
