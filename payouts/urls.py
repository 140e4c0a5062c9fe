"""The pages that cross all apps."""

from django.urls import path

from payouts import views

urlpatterns = [path("", views.Home.as_view(), name="home")]
