"""What another value of a limit would change for the drafts there are: versions that wait, and working drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from plans.checks.picture import Picture
from plans.checks.registry import checked
from plans.choices import DraftStatus, VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.models import Draft, PlanVersion
from plans.selectors.drafts import draft_as_version
from plans.selectors.limits import limits_on, limits_read, rule_of
from plans.selectors.pictures import picture_of_version


@dataclass(frozen=True)
class LimitEffect:
    """What another value of a limit does to the drafts: which would get a finding of the rule, which would lose it."""

    rule: str
    drafts: int
    now: tuple[str, ...]
    then: tuple[str, ...]

    def __str__(self) -> str:
        gain = [name for name in self.then if name not in self.now]
        lose = [name for name in self.now if name not in self.then]
        said = f"{len(self.then)} of {self.drafts} drafts would get a finding of {self.rule}, {len(self.now)} do now"
        parts = [said]
        parts += [f"new: {', '.join(gain)}"] if gain else []
        parts += [f"no more: {', '.join(lose)}"] if lose else []
        return "; ".join(parts) + "."


def limit_effect(*, key: str, value: Any, on: date) -> LimitEffect:
    """
    Return what a value of a limit would change for the drafts there are; nothing is set.

    Working drafts count as the versions they would become; one that does not hold far enough to be looked at is
    left out.

    :raises LimitUnknown: if no rule reads the key, or the value is no number.
    """
    rule, stated = rule_of(key), limits_on(day=on)
    tried = {**stated, **limits_read(stated={key: value})}
    now: list[str] = []
    then: list[str] = []
    count = 0
    for name, picture in _drafts(on):
        count += 1
        for limits, names in ((stated, now), (tried, then)):
            if checked(picture=picture, settings=limits, only={rule}).of(rule):
                names.append(name)
    return LimitEffect(rule=rule, drafts=count, now=tuple(now), then=tuple(then))


def _drafts(on: date) -> Iterator[tuple[str, Picture]]:
    versions = PlanVersion.objects.filter(status=VersionStatus.DRAFT).select_related("plan")
    for version in versions.order_by("plan__code"):
        yield str(version), picture_of_version(version=version, on=on)
    working = Draft.objects.filter(status=DraftStatus.EDITING).exclude(pk__in=versions.values("pk"))
    for draft in working.select_related("plan__calendar", "calendar", "account", "changed_by").order_by(
        "name"
    ):
        try:
            yield str(draft), picture_of_version(version=draft_as_version(draft=draft), on=on)
        except DocumentInvalid:
            continue
