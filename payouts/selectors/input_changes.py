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
from kamcomp.sentences import Listing, Numeral, Sentence, Value, Word
from payouts.selectors.rederived import Kept
from plans.engine.document import plan_document
from plans.engine.inputs import DEAL_DAY, Credits, Inputs, ResultKey, Results, Stated

FINAL = int(RowState.FINAL)
Facts = dict[str, str]
"""What a fact is called, and what it says: sentences that each reader has in their language."""
PAID_NOW = Sentence("is paid by this plan now and was not before")
PAID_THEN = Sentence("was paid by this plan and is not now")
NONE, MISSING = Word("none"), Word("missing")
WINDOWS = {
    "period": Word("the period"),
    "year_to_date": Word("the year to date"),
    "year": Word("the year"),
    "multi_year": Word("several years"),
}
STATES = {
    RowState.MISSING: MISSING,
    RowState.ZERO_TARGET: Word("zero target"),
    RowState.NOT_ELIGIBLE: Word("not eligible"),
    RowState.INSUFFICIENT_SAMPLE: Word("insufficient sample"),
    RowState.NOT_MEASURABLE: Word("not measurable"),
}


def input_changes(*, employee_id: str, old: Kept, new: Kept) -> Iterator[str]:
    """Yield a sentence for every input of the person that is another in the new run."""
    if old.plan != new.plan:
        yield from _plan_changes(plan_document(old.plan), plan_document(new.plan))
    before, after = old.of_payee(employee_id), new.of_payee(employee_id)
    if before is None or after is None:
        yield (
            Sentence("could not be computed in the old run")
            if before is None
            else Sentence("cannot be computed in the new run")
        )
        return
    earlier, later = _facts(before), _facts(after)
    for key in dict.fromkeys([*earlier, *later]):
        if earlier.get(key) != later.get(key):
            yield Sentence(
                "%(fact)s: %(before)s → %(now)s",
                fact=key,
                before=earlier.get(key, NONE),
                now=later.get(key, NONE),
            )


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
            yield Sentence(
                "plan version, %(place)s: %(before)s → %(now)s",
                place=f"{at}/{key}",
                before=_short(before),
                now=_short(after),
            )


def _by_place(items: list[Any]) -> dict[str, Any]:
    return {str(place): item for place, item in enumerate(items)}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _facts(inputs: Inputs) -> Facts:
    """Return everything a person is computed from as named facts."""
    facts: Facts = {}
    for row, stint in enumerate(inputs.stints):
        account = stint.rpartition("/")[0] or Word("no account")
        facts[Sentence("assignment %(stint)s", stint=stint)] = Sentence("on %(account)s", account=account)
        _span_facts(inputs, row, account, facts)
        for name, stated in inputs.parameters.items():
            _stated_fact(_parameter(name), stated, row, facts)
        for (leaf, item), stated in inputs.ratings.items():
            _stated_fact(Sentence("rating of %(what)s", what=f"{leaf}/{item}"), stated, row, facts)
        for leaf, stated in inputs.milestones.items():
            _stated_fact(Sentence("stage of %(leaf)s", leaf=leaf), stated, row, facts)
        for key, results in inputs.results.items():
            _result_facts(key, results, row, facts)
    for place, credit in enumerate(inputs.credits.ids):
        facts[Sentence("credit %(credit)s", credit=credit)] = _credited(inputs.credits, place)
    brought = {name: column[0] for name, column in vars(inputs.balances).items() if name != "held"}
    for name, amount in (brought | inputs.balances.held_named(0)).items():
        facts[Sentence("opening balance %(name)s", name=Word(name))] = _text(amount)
    return facts


def _parameter(name: str) -> str:
    if name.startswith("rate "):
        return Sentence("exchange rate %(name)s", name=name)
    return Sentence("assignment's parameter %(name)s", name=name)


def _credited(credits: Credits, place: int) -> str:
    figures = [_named(name, _plain(stated, place)) for name, stated in sorted(credits.bases.items())]
    return Sentence(
        "share %(share)s of %(figures)s%(reached)s",
        share=Numeral.plain(credits.share[place]),
        figures=Listing(figures),
        reached=_reached(credits, place),
    )


def _reached(credits: Credits, place: int) -> str:
    """Return how far each event of a deal came, where the plan's commissions are earned on events."""
    if DEAL_DAY not in credits.earned:
        return ""
    events = [
        _named(name, _plain(stated, place))
        for name, stated in sorted(credits.earned.items())
        if name != DEAL_DAY
    ]
    return Sentence("; reached: %(events)s", events=Listing(events)) if events else ""


def _named(name: str, figure: Value) -> str:
    return Sentence("%(name)s %(figure)s", name=Word(name), figure=figure)


def _span_facts(inputs: Inputs, row: int, account: str, facts: Facts) -> None:
    """Note days, target incentive, base, part time, leave and dedication of a stint, by what they come from."""
    spans = inputs.spans
    mine = np.flatnonzero(spans.row == row).tolist()
    days: list[str] = [
        Sentence(
            "%(first)s to %(last)s",
            first=date.fromordinal(int(spans.since[i])),
            last=date.fromordinal(int(spans.until[i]) - 1),
        )
        for i in mine
    ]
    for fact, values in (
        (Sentence("days employed and assigned (%(account)s)", account=account), ["" for _ in mine]),
        (
            Sentence("package: target incentive a year (%(account)s)", account=account),
            _texts(spans.target_incentive, mine),
        ),
        (
            Sentence("package: base salary a year (%(account)s)", account=account),
            _texts(spans.base_salary, mine),
        ),
        (Sentence("employment: part time (%(account)s)", account=account), _texts(spans.fte, mine)),
        (
            Sentence("employment: leave (%(account)s)", account=account),
            [Word("on leave") if spans.on_leave[i] else "" for i in mine],
        ),
        (Sentence("membership: dedication (%(account)s)", account=account), _texts(spans.dedication, mine)),
    ):
        facts[fact] = _folded(days, values)


def _folded(days: list[str], values: list[str]) -> str:
    """Return values by their days; one value over all days stands alone."""
    if len(set(values)) == 1 and values[0]:
        return values[0]
    pairs = zip(days, values, strict=True)
    told = [Sentence("%(day)s %(value)s", day=day, value=value) if value else day for day, value in pairs]
    return Listing(told) if told else NONE


def _texts(column: Any, places: list[int]) -> list[str]:
    return [_text(column[i]) for i in places]


def _text(value: Decimal) -> Numeral:
    plain = value.normalize() + 0
    return Numeral(f"{plain:f}", number=plain, grouped=True)


def _stated_fact(fact: str, stated: Stated, row: int, facts: Facts) -> None:
    if stated.state[row] == FINAL:
        facts[fact] = _text(stated.value[row])


def _plain(stated: Stated, place: int) -> str:
    return _text(stated.value[place]) if stated.state[place] == FINAL else MISSING


def _result_facts(key: ResultKey, results: Results, row: int, facts: Facts) -> None:
    place = int(results.index[row])
    if place < 0:
        return
    name = Sentence(
        "%(metric)s of %(subject)s over %(window)s",
        metric=f"{key.metric} {key.segment}" if key.segment else key.metric,
        subject=results.subjects[place],
        window=key.rolling.words if key.rolling else WINDOWS[key.window],
    )
    facts[Sentence("result %(name)s", name=name)] = _result(results, place)
    if results.target is not None:
        facts[Sentence("target %(name)s", name=name)] = _plain(results.target, place)
    if results.carried is not None and results.carried.state[place] == FINAL:
        facts[Sentence("last reading %(name)s", name=name)] = _text(results.carried.value[place])


def _result(results: Results, place: int) -> str:
    state = RowState(int(results.state[place]))
    if state is not RowState.FINAL:
        return STATES[state]
    value = _text(results.numerator[place])
    if results.denominator is None or results.denominator[place] == 1:
        return value
    return Sentence("%(value)s / %(of)s", value=value, of=_text(results.denominator[place]))
