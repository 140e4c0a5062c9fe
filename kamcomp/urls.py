"""The addresses of every app, each by the name of its own list."""

from django.contrib.auth import views as auth_views
from django.urls import include, path
from django.views.i18n import set_language

from kamcomp.pages import views as pages
from kamcomp.pulse import views

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.broken

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("health/live", views.health_live, name="health-live"),
    path("health/ready", views.health_ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
    path("sign-in", auth_views.LoginView.as_view(template_name="kamcomp/sign_in.html"), name="sign-in"),
    path("sign-out", auth_views.LogoutView.as_view(), name="sign-out"),
    path("language", set_language, name="language"),
    path("theme", pages.theme, name="theme"),
    path("api/v1/", include("payouts.api.urls")),
    path("", include("payouts.urls")),
]
