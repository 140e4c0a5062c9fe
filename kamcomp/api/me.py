"""Who the interface takes the caller for: the first thing an integrator asks."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.authentication import scopes_of
from kamcomp.api.fields import moment_text
from kamcomp.api.models import ApiKey
from kamcomp.api.public_ids import public_id
from kamcomp.api.resources import all_scopes
from kamcomp.api.views import ApiView


class KeyInForceSerializer(serializers.Serializer):
    """The key that was sent."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    expires_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer):
    """The caller: user, roles today, scopes, and the key."""

    user_id = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    person_id = serializers.CharField(allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.CharField())
    key = KeyInForceSerializer(allow_null=True)


class MeShow(ApiView):
    """Whom a key or a session acts as, in which roles and scopes."""

    tag = "me"

    @extend_schema(operation_id="me_show", responses={200: MeSerializer})
    def get(self, request: Request) -> Response:
        """Show who you are to the interface, and what your key may be used for."""
        user, given = self.user, scopes_of(request)
        person = getattr(user, "person", None)
        key = request.auth if isinstance(request.auth, ApiKey) else None
        return self.shown(
            {
                "user_id": public_id("usr", user.pk),
                "username": user.username,
                "name": user.get_full_name(),
                "person_id": public_id("per", person.pk) if person else None,
                "roles": sorted(self.viewer.roles),
                "scopes": all_scopes() if given is None else sorted(given),
                "key": None
                if key is None
                else {"name": key.name, "prefix": key.prefix, "expires_at": moment_text(key.expires_at)},
            }
        )
