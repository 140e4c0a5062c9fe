"""Finding what a person names on a command line: a period by its code, a run by its number."""

from __future__ import annotations

from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal, Word
from payouts.models import Run


class PeriodUnknown(Refusal):
    """No period, or more than one, has this code."""


class RunUnknown(Refusal):
    """A period has no such run."""


def period_named(*, code: str, calendar: str | None = None) -> Period:
    """
    Return the period with a code such as 2026-Q3; `calendar` tells two calendars apart.

    :raises PeriodUnknown: if there is none, or the code is found in several calendars.
    """
    periods = Period.objects.filter(code=code).select_related("calendar")
    if calendar:
        periods = periods.filter(calendar__code=calendar)
    found = list(periods)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(period.calendar.code for period in found)
        raise PeriodUnknown(
            "%(code)s is a period of several calendars (%(names)s): say --calendar.", code=code, names=names
        )
    known = ", ".join(Period.objects.order_by("-days").values_list("code", flat=True)[:8])
    raise PeriodUnknown(
        "There is no period %(code)s; the latest are: %(known)s.",
        code=f"{code!r}",
        known=known or Word("none yet"),
    )


def run_named(*, period: Period, number: int | None = None) -> Run:
    """
    Return a period's run by its number, or its current one.

    :raises RunUnknown: if the period has no such run.
    """
    runs = Run.objects.filter(period=period).select_related("period", "calendar")
    run = runs.filter(number=number).first() if number else runs.filter(is_current=True).first()
    if run is None:
        numbers = ", ".join(str(each) for each in runs.order_by("number").values_list("number", flat=True))
        wanted = f"run {number}" if number else "current run"
        raise RunUnknown(
            "%(period)s has no %(wanted)s; its runs are: %(numbers)s.",
            period=period,
            wanted=wanted,
            numbers=numbers or Word("none yet"),
        )
    return run
