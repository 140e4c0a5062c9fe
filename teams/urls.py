"""The pages of account teams, of roles, and of what HR keeps of people besides pay."""

from django.urls import path

from teams import views
from teams.views import care

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
    path("roles", care.RoleList.as_view(), name="role-list"),
    path("roles/<uuid:role_id>", care.RoleShow.as_view(), name="role-show"),
    path("roles/<uuid:role_id>/profile", care.RoleProfile.as_view(), name="role-profile"),
    path("roles/<uuid:role_id>/duties/add", care.RoleDutyAdd.as_view(), name="role-duty-add"),
    path("roles/duties/<uuid:duty_id>/remove", care.RoleDutyRemove.as_view(), name="role-duty-remove"),
    path("care", care.CareList.as_view(), name="care-list"),
    path("care/people/<uuid:person_id>", care.CareShow.as_view(), name="care-show"),
    path("care/people/<uuid:person_id>/add/<slug:what>", care.CareAdd.as_view(), name="care-add"),
    path("care/rows/<slug:what>/<uuid:row_id>/remove", care.CareRemove.as_view(), name="care-remove"),
    path("care/training", care.TrainingList.as_view(), name="training-list"),
    path("care/training/<uuid:training_id>/done", care.TrainingDone.as_view(), name="training-done"),
    path("care/candidates", care.CandidateList.as_view(), name="candidate-list"),
    path("care/candidates/add", care.CandidatePut.as_view(), name="candidate-add"),
    path("care/candidates/<uuid:candidate_id>", care.CandidatePut.as_view(), name="candidate-change"),
    path("care/candidates/<uuid:candidate_id>/judge", care.CandidateScore.as_view(), name="candidate-score"),
    path("care/roles/<uuid:role_id>", care.CandidateCompare.as_view(), name="candidate-compare"),
    path("care/market", care.MarketList.as_view(), name="market-list"),
    path("care/market/add", care.MarketAdd.as_view(), name="market-add"),
    path("care/leavers", care.LeaverList.as_view(), name="leaver-list"),
    path("care/relationships", care.RelationshipList.as_view(), name="relationship-list"),
    path("care/relationships/<uuid:account_id>", care.RelationshipPut.as_view(), name="relationship-put"),
]
