"""
Which inputs of a person changed between two runs, in words.

Both runs' kept inputs of that person are compared, fact by fact; nothing is read from the
present tables, which may have moved on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from kamcomp.columns import RowState
from kamcomp.trace import decimal_text
from payouts.selectors.rederived import Kept
from plans.engine.document import plan_document
from plans.engine.inputs import DEAL_DAY, Credits, Inputs, ResultKey, Results, Stated

FINAL = int(RowState.FINAL)
Facts = dict[tuple[str, ...], str]
WINDOWS = {
    "period": "the period",
    "year_to_date": "the year to date",
    "year": "the year",
    "multi_year": "several years",
}


def input_changes(*, employee_id: str, old: Kept, new: Kept) -> Iterator[str]:
    """Yield a sentence for every input of the person that is another in the new run."""
    if old.plan != new.plan:
        yield from _plan_changes(plan_document(old.plan), plan_document(new.plan))
    before, after = old.of_payee(employee_id), new.of_payee(employee_id)
    if before is None or after is None:
        yield (
            "could not be computed in the old run" if before is None else "cannot be computed in the new run"
        )
        return
    earlier, later = _facts(before), _facts(after)
    for key in dict.fromkeys([*earlier, *later]):
        if earlier.get(key) != later.get(key):
            yield f"{' '.join(key)}: {earlier.get(key, 'none')} -> {later.get(key, 'none')}"


def _plan_changes(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield the places of the plan document that differ, as JSON pointers with both values."""
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _plan_changes(before, after, f"{at}/{key}")
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            yield from _plan_changes(_by_place(before), _by_place(after), f"{at}/{key}")
        else:
            yield f"plan version, {at}/{key}: {_short(before)} -> {_short(after)}"


def _by_place(items: list[Any]) -> dict[str, Any]:
    return {str(place): item for place, item in enumerate(items)}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _facts(inputs: Inputs) -> Facts:
    """Return everything a person is computed from as named facts."""
    facts: Facts = {}
    for row, stint in enumerate(inputs.stints):
        account = stint.rpartition("/")[0] or "no account"
        facts["assignment", stint] = f"on {account}"
        _span_facts(inputs, row, account, facts)
        for name, stated in inputs.parameters.items():
            word = "exchange rate" if name.startswith("rate ") else "assignment's parameter"
            _stated_fact((word, name), stated, row, facts)
        for (leaf, item), stated in inputs.ratings.items():
            _stated_fact(("rating of", f"{leaf}/{item}"), stated, row, facts)
        for leaf, stated in inputs.milestones.items():
            _stated_fact(("stage of", leaf), stated, row, facts)
        for key, results in inputs.results.items():
            _result_facts(key, results, row, facts)
    for place, credit in enumerate(inputs.credits.ids):
        figures = [f"{name} {_plain(stated, place)}" for name, stated in sorted(inputs.credits.bases.items())]
        words = f"share {decimal_text(inputs.credits.share[place])} of {', '.join(figures)}"
        facts["credit", credit] = f"{words}{_reached(inputs.credits, place)}"
    brought = {name: column[0] for name, column in vars(inputs.balances).items() if name != "held"}
    for name, amount in (brought | inputs.balances.held_named(0)).items():
        facts["opening balance", name] = decimal_text(amount.normalize() + 0)
    return facts


def _reached(credits: Credits, place: int) -> str:
    """Return how far each event of a deal came, where the plan's commissions are earned on events."""
    if DEAL_DAY not in credits.earned:
        return ""
    events = {
        name: _plain(stated, place) for name, stated in sorted(credits.earned.items()) if name != DEAL_DAY
    }
    return f"; reached: {', '.join(f'{name} {part}' for name, part in events.items())}" if events else ""


def _span_facts(inputs: Inputs, row: int, account: str, facts: Facts) -> None:
    """Note days, target incentive, base, part time, leave and dedication of a stint, by what they come from."""
    spans = inputs.spans
    mine = np.flatnonzero(spans.row == row).tolist()
    days = [
        f"{date.fromordinal(int(spans.since[i]))} to {date.fromordinal(int(spans.until[i]) - 1)}"
        for i in mine
    ]
    facts["days employed and assigned", f"({account})"] = _folded(days, ["" for _ in mine])
    facts["package: target incentive a year", f"({account})"] = _folded(
        days, _texts(spans.target_incentive, mine)
    )
    facts["package: base salary a year", f"({account})"] = _folded(days, _texts(spans.base_salary, mine))
    facts["employment: part time", f"({account})"] = _folded(days, _texts(spans.fte, mine))
    facts["employment: leave", f"({account})"] = _folded(
        days, ["on leave" if spans.on_leave[i] else "" for i in mine]
    )
    facts["membership: dedication", f"({account})"] = _folded(days, _texts(spans.dedication, mine))


def _folded(days: list[str], values: list[str]) -> str:
    """Return values by their days; one value over all days stands alone."""
    if len(set(values)) == 1 and values[0]:
        return values[0]
    return ", ".join(f"{day} {value}".strip() for day, value in zip(days, values, strict=True)) or "none"


def _texts(column: Any, places: list[int]) -> list[str]:
    return [_text(column[i]) for i in places]


def _text(value: Decimal) -> str:
    return decimal_text(value.normalize() + 0)


def _stated_fact(key: tuple[str, str], stated: Stated, row: int, facts: Facts) -> None:
    if stated.state[row] == FINAL:
        facts[key] = _text(stated.value[row])


def _plain(stated: Stated, place: int) -> str:
    return _text(stated.value[place]) if stated.state[place] == FINAL else "missing"


def _result_facts(key: ResultKey, results: Results, row: int, facts: Facts) -> None:
    place = int(results.index[row])
    if place < 0:
        return
    segment = f" {key.segment}" if key.segment else ""
    name = f"{key.metric}{segment} of {results.subjects[place]} over {key.rolling or WINDOWS[key.window]}"
    value = _text(results.numerator[place])
    if results.denominator is not None and results.denominator[place] != 1:
        value += f" / {_text(results.denominator[place])}"
    state = RowState(int(results.state[place]))
    facts["result", name] = value if state is RowState.FINAL else state.name.lower().replace("_", " ")
    if results.target is not None:
        facts["target", name] = _plain(results.target, place)
    if results.carried is not None and results.carried.state[place] == FINAL:
        facts["last reading", name] = _text(results.carried.value[place])
