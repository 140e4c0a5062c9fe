"""The addresses of what people are told."""

from django.urls import path

from kamcomp.notices import views

urlpatterns = [
    path("notices", views.NoticeList.as_view(), name="notice-list"),
    path("notices/read", views.NoticesRead.as_view(), name="notices-read"),
    path("notices/settings", views.NoticeSettings.as_view(), name="notice-settings"),
    path("notices/<uuid:notice_id>", views.NoticeOpen.as_view(), name="notice-open"),
    path("language", views.language, name="language"),
]
