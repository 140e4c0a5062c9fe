"""What the checks find on a draft, as rows of the list beside the design: a sentence, a weight, a mend, a waiver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.pages.wording import worded
from kamcomp.sentences import ours
from kamcomp.visibility import Viewer
from plans.checks.registry import Report
from plans.checks.rule import RULES, Finding, Moment, Severity, shown
from plans.engine.edits import position_named
from plans.selectors.drafts import DraftLook, programmes_named

OF_THE_PROGRAMME = frozenset({"L07", "L30", "L33", "L72"})
"""Rules about an account or objective whose programme says what they ask for."""
MOST_SHOWN = 15
"""How many findings of one rule are written out at once: each is a line of a page that is made anew at every change."""
TONES = {Severity.BLOCKS: "wrong", Severity.TO_LOOK_AT: "waits", Severity.INFORMATION: "info"}


@dataclass(frozen=True, kw_only=True)
class FoundRow:
    """One finding: what is said of what, against which limit, and what can be done about it here."""

    rule: str
    title: str
    message: str
    about: str
    tone: str
    value: str
    limit: str
    source: str
    advice: str
    at: str
    tab: str
    elsewhere: str
    fix: str
    fix_act: str
    may_waive: bool
    law: bool


@dataclass(frozen=True, kw_only=True)
class FoundRule:
    """What one rule finds: the first so many of its findings, and how many more there are."""

    rows: Sequence[FoundRow]
    more: int

    @property
    def first(self) -> FoundRow:
        """Return the row that says what the rule is about."""
        return self.rows[0]


@dataclass(frozen=True, kw_only=True)
class FoundList:
    """All findings by rule, heaviest first; what of the language does not hold; what passed or is not known."""

    rules: Sequence[FoundRule]
    waived: Sequence[tuple[str, str]]
    waived_count: int
    broken: Sequence[tuple[str, str]]
    passed: Sequence[str]
    not_known: Sequence[tuple[str, str]]
    blocks: int
    to_look_at: int


def found_list(*, look: DraftLook, viewer: Viewer, whole: str = "") -> FoundList:
    """Return what is found on a draft for a reader; of the rule `whole` everything, of the others the first ones."""
    report = look.report or Report(findings=(), not_known=())
    hidden = {rule.id for rule in RULES.values() if rule.for_hr and not viewer.holds(Role.HR_LEGAL)}
    programmes = programmes_named(
        names={one.about for one in report.findings if one.rule in OF_THE_PROGRAMME and one.about},
        viewer=viewer,
    )
    seen = [(number, one) for number, one in enumerate(report.findings) if one.rule not in hidden]
    waived = [one for _number, one in seen if one.kept_as in look.waived]
    stands: dict[tuple[Severity, str], list[tuple[int, Finding]]] = {}
    for number, one in seen:
        if one.kept_as not in look.waived:
            stands.setdefault((one.severity, one.rule), []).append((number, one))
    found = {one.rule for one in report.findings} | {one.rule for one in report.not_known} | hidden
    asked = [rule for rule in RULES.values() if Moment.DESIGN in rule.moments]
    return FoundList(
        rules=[
            _rule(ones, viewer, programmes, most=len(ones) if rule == whole else MOST_SHOWN)
            for (_severity, rule), ones in stands.items()
        ],
        waived=[(one.rule, worded(one.message)) for one in waived[:MOST_SHOWN]],
        waived_count=len(waived),
        broken=[(error.pointer or "/", worded(ours(error.detail))) for error in look.broken],
        passed=[f"{rule.id} {worded(rule.title)}" for rule in asked if rule.id not in found]
        if look.report
        else [],
        not_known=[
            (f"{one.rule} {worded(one.title)}", worded(one.lacks))
            for one in report.not_known
            if one.rule not in hidden
        ],
        blocks=_counted(stands, Severity.BLOCKS) + len(look.broken),
        to_look_at=_counted(stands, Severity.TO_LOOK_AT),
    )


def _rule(
    ones: Sequence[tuple[int, Finding]], viewer: Viewer, programmes: Mapping[str, UUID], *, most: int
) -> FoundRule:
    rows = [_row(one, number, viewer, programmes) for number, one in ones[:most]]
    return FoundRule(rows=rows, more=len(ones) - len(rows))


def _counted(stands: Mapping[tuple[Severity, str], Sequence[object]], severity: Severity) -> int:
    return sum(len(ones) for (heavy, _rule), ones in stands.items() if heavy is severity)


def finding_named(*, look: DraftLook, rule: str, number: str) -> Finding | None:
    """Return the finding that a button means, none where it is not found any more."""
    found = look.report.findings if look.report else ()
    position = position_named(number, count=len(found))
    return found[position] if position is not None and found[position].rule == rule else None


def _row(one: Finding, number: int, viewer: Viewer, programmes: Mapping[str, UUID]) -> FoundRow:
    rule, part = RULES[one.rule], _part_of(one.at)
    account = programmes.get(one.about) if one.rule in OF_THE_PROGRAMME else None
    return FoundRow(
        rule=one.rule,
        title=worded(rule.title),
        message=worded(one.message),
        about=one.about,
        tone=TONES[one.severity],
        value=worded(shown(one.value, one.unit)),
        limit=worded(shown(one.limit, one.unit)),
        source=one.source,
        advice=worded(rule.advice),
        at=part,
        tab="design" if part else _tab_of(one.at),
        elsewhere=reverse("scorecards:programme-show", args=[account]) if account else "",
        fix=worded(one.fix.words) if one.fix else "",
        fix_act=f"fix:{one.rule}:{number}",
        may_waive=bool(rule.waived_by) and viewer.holds(*(Role(each) for each in rule.waived_by)),
        law=rule.is_local_law,
    )


def _tab_of(at: str) -> str:
    """Return which other tab of the designer shows a place; empty where a finding is of no place of the document."""
    return "pool" if at.startswith("/pool") else "terms" if at else ""


def _part_of(at: str) -> str:
    """Return the node of the tree, or the leaf outside it, that a place lies in; empty for other places."""
    steps = at.split("/")[1:]
    if len(steps) < 2 or steps[0] not in ("incentive", "commissions"):
        return ""
    last = max((i for i, step in enumerate(steps) if step in ("children", "commissions")), default=-1)
    return "/" + "/".join(steps[: last + 2]) if last >= 0 and len(steps) > last + 1 else "/incentive"
