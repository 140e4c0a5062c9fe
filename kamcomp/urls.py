"""The addresses of every app, each by the name of its own list."""

from django.contrib.auth import views as auth_views
from django.urls import include, path

from kamcomp.pulse import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("health/live", views.health_live, name="health-live"),
    path("health/ready", views.health_ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
    path("sign-in", auth_views.LoginView.as_view(template_name="kamcomp/sign_in.html"), name="sign-in"),
    path("sign-out", auth_views.LogoutView.as_view(), name="sign-out"),
    path("api/v1/", include("payouts.api.urls")),
    path("", include("payouts.urls")),
]
