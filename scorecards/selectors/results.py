"""Reads of results: what was achieved, as believed now or at an instant."""

from datetime import datetime

from django.db.models import QuerySet

from kamcomp.calendar.models import Period
from scorecards.choices import Window
from scorecards.engine.windows import rolling_of
from scorecards.models import Result


def results_believed(*, period: Period, known_at: datetime | None = None) -> QuerySet[Result]:
    """Return the results of a period that were believed at an instant, or are believed now."""
    results = Result.objects.filter(period=period).select_related("metric", "node", "person", "segment")
    return results.current() if known_at is None else results.known_at(known_at)


def window_label(*, word: str) -> str:
    """Return the name that people read of the window a result is kept by."""
    rolling = rolling_of(word=word)
    return str(Window(word).label) if rolling is None else str(rolling).capitalize()
