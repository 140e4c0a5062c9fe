"""The pages of account teams."""

from django.urls import path

from teams import views

app_name = "teams"
urlpatterns = [
    path("teams", views.TeamList.as_view(), name="team-list"),
    path("teams/<uuid:account_id>", views.TeamShow.as_view(), name="team-show"),
    path("teams/<uuid:account_id>/add", views.TeamMemberAdd.as_view(), name="team-member-add"),
    path(
        "teams/members/<uuid:membership_id>/change",
        views.TeamMemberChange.as_view(),
        name="team-member-change",
    ),
    path("teams/members/<uuid:membership_id>/end", views.TeamMemberEnd.as_view(), name="team-member-end"),
    path(
        "teams/members/<uuid:membership_id>/hand-over",
        views.TeamMemberHandOver.as_view(),
        name="team-member-hand-over",
    ),
    path("teams/edits/<uuid:edit_id>/undo", views.TeamEditUndo.as_view(), name="team-edit-undo"),
]
