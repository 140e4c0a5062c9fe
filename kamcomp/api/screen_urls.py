"""The addresses of the keys' pages."""

from django.urls import path

from kamcomp.api import screens

urlpatterns = [
    path("keys", screens.KeyList.as_view(), name="api-key-list"),
    path("keys/make", screens.KeyMake.as_view(), name="api-key-make"),
    path("keys/<uuid:key_id>", screens.KeyShow.as_view(), name="api-key-show"),
]
