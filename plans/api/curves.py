"""One curve by itself: what readings earn on it, by the engine that pays. Nothing is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp import money
from kamcomp.api.fields import DECIMAL, decimal_text
from kamcomp.api.problems import Problem
from kamcomp.api.sent import StrictSerializer
from kamcomp.api.views import ApiView
from plans.engine.codec import DocumentError, DocumentInvalid, read
from plans.engine.curve import branches, curve_points, curve_value, points_passed
from plans.engine.laws import curve_errors
from plans.engine.plan import Curve, SlopeCurve

MOST_READINGS, LONGEST = 1_000, 37
MOST_POINTS = 100
"""Points or slopes of a curve; no plan has as many."""
EXAMPLE = {
    "curve": {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "2.00"]]},
    "readings": ["0.75", "0.90", "1.10"],
}


class CurveAskSerializer(StrictSerializer):
    """A curve as plans have it, and readings: attainments, where the curve is one of attainments."""

    curve = serializers.DictField(
        help_text="A Curve or a SlopeCurve, as docs/reference/plan-language.md says."
    )
    readings = serializers.ListField(
        child=serializers.RegexField(DECIMAL, max_length=LONGEST), min_length=1, max_length=MOST_READINGS
    )


class CurveValueSerializer(serializers.Serializer):
    """What one reading earns."""

    reading = serializers.RegexField(DECIMAL)
    value = serializers.RegexField(
        DECIMAL, help_text="A ratio, or whatever the curve's points say. Not rounded."
    )
    because = serializers.CharField(help_text="The part of the curve it is on.")


class CurveValuesSerializer(serializers.Serializer):
    """What each reading earns, in the order they were sent."""

    values = CurveValueSerializer(many=True)


class CurveEvaluate(ApiView):
    """What readings earn on a curve."""

    tag = "curves"

    @extend_schema(
        operation_id="curve_evaluate",
        request=CurveAskSerializer,
        responses={200: CurveValuesSerializer},
        examples=[OpenApiExample("for example", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Return what readings earn on a curve, exactly as a run would compute it; nothing is stored."""
        typed = CurveAskSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        said = typed.validated_data
        return Response({"values": curve_values(_curve(said["curve"]), said["readings"])})


def _curve(document: dict[str, Any]) -> Curve | SlopeCurve:
    """
    Return the curve of a document.

    :raises Problem: 422 with the place of each error, or that it has too many points.
    """
    for name in ("points", "slopes"):
        if isinstance(document.get(name), list) and len(document[name]) > MOST_POINTS:
            detail = f"A curve that is asked about has at most {MOST_POINTS} {name}."
            raise _refused([DocumentError(f"/{name}", "too_long", detail)])
    try:
        curve = read(SlopeCurve, document) if "slopes" in document else read(Curve, document)
    except DocumentInvalid as invalid:
        raise _refused(invalid.errors) from invalid
    if errors := curve_errors(curve=curve):
        raise _refused(errors)
    return curve


def _refused(found: tuple[DocumentError, ...] | list[DocumentError]) -> Problem:
    errors = [
        {"pointer": f"/curve{each.pointer}", "code": each.code, "detail": str(each.detail)} for each in found
    ]
    detail = "The curve has errors; each is listed with its place."
    return Problem(422, code="document_invalid", detail=detail, errors=errors)


@money.exactly
def curve_values(curve: Curve | SlopeCurve, readings: list[str]) -> list[dict[str, Any]]:
    """Return what readings earn on a curve, each with the part of the curve it is on."""
    column = np.array([Decimal(each) for each in readings], dtype=object)
    found = curve_value(curve=curve, reading=column)
    points = curve_points(curve=curve)
    passed = points_passed(points=points, reading=column)
    return [
        {
            "reading": reading,
            "value": decimal_text(value),
            "because": str(branches(curve, points, np.array([number]))),
        }
        for reading, value, number in zip(readings, found, passed, strict=True)
    ]
