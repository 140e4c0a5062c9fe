"""The calculator's endpoint: a case document in, an answer document out; nothing is stored."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.examples import example_told
from kamcomp.api.filters import flag_said
from kamcomp.api.problems import parameter_problem
from kamcomp.api.views import ApiView
from payouts.engine.calculator import calculate


class CalculationCreate(ApiView):
    """Answer a calculation case. Anybody signed in may ask: a case holds all it is computed from."""

    tag = "calculations"

    def parameters(self) -> list[str]:
        """Return the one it knows."""
        return ["explain"]

    @extend_schema(
        operation_id="calculation_create",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter("explain", bool, description="true: with the steps that led to each figure.")
        ],
        examples=[
            OpenApiExample("for example", value=example_told("case"), request_only=True),
            OpenApiExample("for example", value=example_told("answer"), response_only=True),
        ],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the answer; what is missing or wrong in the case is a problem with its place."""
        said = self.said.get("explain", "false")
        try:
            explain = flag_said(said)
        except ValueError as error:
            raise parameter_problem(name="explain", detail=f"explain: {error}") from error
        return Response(calculate(request.data, explain=explain))
