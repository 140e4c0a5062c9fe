"""
What checks say, written out: a report as text and as JSON, and the reference page of all of them.

The page is written from the functions themselves: `manage.py plans check --reference` prints it, and a test compares
it with docs/reference/checks.md. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from plans.checks import facts
from plans.checks.registry import THEMES, Report
from plans.checks.rule import RULES, Finding, Limit, Rule, Severity, shown

WEIGHTS = {
    Severity.BLOCKS: "blocks",
    Severity.TO_LOOK_AT: "to look at",
    Severity.INFORMATION: "information",
}
ROLES = {
    "comp_admin": "compensation admin",
    "finance": "finance",
    "executive": "executive",
    "hr_legal": "HR and legal",
}
KINDS = {
    "Decimal": "number",
    "int": "whole number",
    "str": "text",
    "bool": "yes or no",
    "date": "day",
    "Any": "document",
}
HEAD = """\
# Checks of a plan

This page is printed by `manage.py plans check --reference` from the rules themselves; a test compares the two.

A check looks at a plan document and at the facts beside it, and answers with findings, or with what it would have to
know: a fact that is not there never lets a rule pass in silence. `manage.py plans check PLAN.json` asks them of a file,
`plans check CODE` of the last version of a stored plan with everything known of it; publishing asks them too and
refuses while something blocks. The command ends with exit code 1 while something blocks; `--json` gives each finding
with its value, limit, place in the document and, where there is one, the changes that mend it.

{count} rules: {design} design checks (L) and {law} reminders of local law (E); E00 names places that have none. **The
reminders are no legal advice**; they say where to ask.

**Weights.** What *blocks* keeps a version from being approved and published until it is mended, or let stand with a
reason by somebody of the roles named who did not prepare the version; where nobody is named it has to be mended. What
is *to look at*, and *information*, stops nothing. A load of history is not refused for lateness, a missing signature or
a missing replay: those are to look at there (marked *history*).

**Limits** are settings of the company: `manage.py policy put checks.L09.most 4 --since DAY --reason WHY --by WHO`, a
ratio as `0.70`. `plans limits` lists them; `plans limits --try checks.L09.most=4` says which drafts would then get, or
lose, a finding. The bounds of L01 may be said for key account managers alone, by keys that end in `.kam`.

**When.** *design*: while a plan is drafted, approved and published. *run*: as a run pays, and after. *recovery*,
*leaving*: as money is taken back, as somebody leaves. *review*: at reviews and reports. Facts that nothing in kamcomp
keeps yet (stored simulations, texts by language, leavers' terms) can be given in
a file, `plans check PLAN.json --facts FACTS.json`; without it the rules that need them say what they lack.

**Whom.** What the rules marked *HR and legal alone* find is shown to nobody else in the browser, and of what is let
stand only a digest is kept. The command shows everything: it is for whoever runs the system.
"""


def checks_page() -> str:
    """Return the page, in Markdown."""
    law = sum(1 for rule in RULES.values() if rule.is_local_law)
    head = HEAD.format(count=len(RULES), design=len(RULES) - law, law=law - 1)
    return head + "".join(_theme(theme) for theme in THEMES) + "".join(_facts())


def summed_up(report: Report) -> str:
    """Return how many findings of each weight there are, and how many rules could not be answered."""
    counts = [
        f"{sum(1 for found in report.findings if found.severity is weight)} {WEIGHTS[weight]}"
        for weight in Severity
    ]
    return f"Checks: {', '.join(counts)}; {len(report.not_known)} could not be answered."


def report_lines(report: Report) -> Iterator[str]:
    """Yield a report as lines of text: each finding with its place and mend, then what was not known."""
    for found in report.findings:
        place = f" [{found.at}]" if found.at else ""
        mend = found.fix.words if found.fix else RULES[found.rule].advice.rstrip(".")
        yield f"{found.rule} {WEIGHTS[found.severity]}: {found.message}{place} -> {mend}."
    for unknown in report.not_known:
        yield f"{unknown.rule} not known: {unknown.title} needs {unknown.lacks}."
    yield summed_up(report)


def report_document(report: Report) -> dict[str, Any]:
    """Return a report as JSON-ready: findings with value, limit, place and mend, and what was not known."""
    return {
        "blocks": len(report.blocks),
        "findings": [_finding_document(found) for found in report.findings],
        "not_known": [{"rule": one.rule, "title": one.title, "lacks": one.lacks} for one in report.not_known],
    }


def _finding_document(found: Finding) -> dict[str, Any]:
    fix = found.fix and {
        "words": found.fix.words,
        "changes": [
            {"at": change.at, "taken": True} if change.taken else {"at": change.at, "value": change.value}
            for change in found.fix.changes
        ],
    }
    return {
        "rule": found.rule,
        "title": RULES[found.rule].title,
        "severity": str(found.severity),
        "message": found.message,
        "value": str(found.value),
        "limit": None if found.limit is None else str(found.limit),
        "unit": str(found.unit),
        "at": found.at,
        "about": found.about,
        "source": found.source,
        "advice": RULES[found.rule].advice,
        "waived_by": [str(role) for role in RULES[found.rule].waived_by],
        "fix": fix,
    }


def _theme(theme: ModuleType) -> str:
    rules = sorted(
        (rule for rule in RULES.values() if rule.looks.__module__ == theme.__name__), key=lambda rule: rule.id
    )
    title = (theme.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return f"\n## {title}\n" + "".join(_rule(rule) for rule in rules)


def _rule(rule: Rule) -> str:
    said = [
        WEIGHTS[rule.severity],
        ", ".join(rule.moments),
        f"in {rule.place}" if rule.place else "",
        "history" if rule.timely else "",
        "HR and legal alone" if rule.for_hr else "",
    ]
    lines = [f"\n**{rule.id} {rule.title}** ({'; '.join(word for word in said if word)})\n"]
    lines.append(f"  {rule.message}\n")
    lines += [
        f"  - `{rule.setting(name)}` = {_default(limit)}: {limit.bounds}\n"
        for name, limit in rule.limits.items()
    ]
    waived = " or ".join(ROLES[role] for role in rule.waived_by) or "nobody"
    lines.append(f"  - {rule.advice} May let it stand: {waived}.\n  - Source: {rule.source}\n")
    return "".join(lines)


def _default(limit: Limit) -> str:
    return (
        f"{limit.default:f} ({shown(limit.default, limit.unit)})"
        if limit.unit == "ratio"
        else f"{limit.default:f}"
    )


def _facts() -> Iterator[str]:
    yield "\n## What is looked at\n\nThe facts beside the document, as `--facts` takes them: JSON, numbers in strings, "
    yield "days as 2027-01-31. Everything may be left out; left out is not known.\n"
    for record in vars(facts).values():
        if is_dataclass(record) and isinstance(record, type):
            yield f"\n**{record.__name__}**: {' '.join((record.__doc__ or '').split())}\n\n"
            hints = get_type_hints(record)
            yield ", ".join(f"`{field.name}` {_kind(hints[field.name])}" for field in fields(record)) + "\n"


def _kind(hint: Any) -> str:
    """Return a type as people read it."""
    members = [member for member in get_args(hint) if member not in (type(None), Ellipsis)]
    if get_origin(hint) is tuple:
        return f"list of {_kind(members[0])}"
    if get_origin(hint) is Mapping:
        return f"{_kind(members[1])} by name"
    return _kind(members[0]) if members else KINDS.get(hint.__name__, hint.__name__)
