"""The addresses of every app, each by the name of its own list."""

from django.urls import include, path

from kamcomp.api import problems
from kamcomp.pages import views as pages
from kamcomp.pulse import views

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.broken

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("health/live", views.health_live, name="health-live"),
    path("health/ready", views.health_ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
    path("", include("kamcomp.identity.urls")),
    path("", include("kamcomp.notices.urls")),
    path("", include("kamcomp.api.screen_urls")),
    path("", include("kamcomp.webhooks.urls")),
    path("theme", pages.theme, name="theme"),
    path("help", pages.HelpIndex.as_view(), name="help-index"),
    path("help/<path:page>", pages.HelpPage.as_view(), name="help"),
    path("api/v1/", include("payouts.api.urls")),
    path("api/v1/", include("plans.api.urls")),
    path("api/", include("kamcomp.api.urls")),
    path("", include("teams.urls")),
    path("", include("kamcomp.imports.urls")),
    path("", include("scorecards.urls")),
    path("", include("plans.urls")),
    path("", include("payouts.urls")),
]
