"""The addresses under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from payouts.api.calculations import CalculationCreate

urlpatterns: list[URLPattern | URLResolver] = [
    path("calculations", CalculationCreate.as_view(), name="calculation-create"),
]
