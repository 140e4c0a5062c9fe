"""The sandbox, put back as it was at first: a demo company of its own, which `make sandbox` starts."""

from __future__ import annotations

from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.problems import answered_with
from kamcomp.api.resources import more_scopes
from kamcomp.api.views import ApiView
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import role_check
from kamcomp.starting_over import CannotStartOver, Step, start_over_ask

WRITES = "sandbox:write"
more_scopes(WRITES)
answered_with(HTTPStatus.CONFLICT, CannotStartOver)


class SandboxSerializer(serializers.Serializer):
    """How far it is."""

    state = serializers.ChoiceField(choices=[step.value for step in Step])


class SandboxReset(ApiView):
    """Put the demo company back as it was."""

    tag = "sandbox"
    scopes = {"POST": WRITES}

    @extend_schema(operation_id="sandbox_reset", request=None, responses={202: SandboxSerializer})
    def post(self, request: Request) -> Response:
        """
        Put the demo company back as it was when it was loaded: everything since is gone, keys too.

        Until it is done every answer is 503 with Retry-After. Asking twice is asking once. Elsewhere it is refused.
        """
        today = timezone.localdate()
        role_check(user=self.user, roles=[Role.COMP_ADMIN], on=today, act="Resetting the sandbox")
        start_over_ask()
        return Response({"state": Step.ASKED.value}, status=HTTPStatus.ACCEPTED)
