"""The calculator's endpoint: a case document in, an answer document out; nothing is stored."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kamcomp.refusal import Refusal
from payouts.api.parsers import DocumentParser
from payouts.api.problems import refusal_problem
from payouts.engine.calculator import calculate


class CalculationCreate(APIView):
    """Answer a calculation case. Anybody signed in may ask: a case holds all it is computed from."""

    parser_classes = (DocumentParser,)

    @extend_schema(
        operation_id="calculation_create",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT, 422: OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter("explain", bool, description="show for each figure the steps that led to it")
        ],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the answer, or a problem that names what is missing or wrong in the case."""
        explain = request.query_params.get("explain", "false").lower() in ("true", "1")
        try:
            return Response(calculate(request.data, explain=explain))
        except Refusal as refusal:
            return refusal_problem(refusal=refusal, instance=request.path)
