"""
Which measures to pay on: candidates scored on the four criteria, and ranked.

A measure that pays should serve what the account is run for (alignment), be moved by who is paid (controllability),
be followed by the systems there are (trackability), and say what no measure before it says (focus). Each counts 0 to
3. What the company scored itself stands; the rest is judgement. Pure. Rule: docs/reference/plan-proposal.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plans.engine.proposal import Goal

HIGHEST = 3
FITS: Mapping[Goal, Mapping[str, int]] = {
    Goal.GROW: {
        "M01": 3, "M02": 3, "M07": 3, "M22": 2, "M23": 2, "M10": 2, "M11": 2, "M04": 2, "M08": 2, "M20": 2,
        "M05": 1, "M06": 1, "M15": 1, "M19": 1,
    },
    Goal.DEFEND: {
        "M13": 3, "M19": 3, "M06": 3, "M15": 2, "M16": 2, "M17": 2, "M18": 2, "M04": 2, "M07": 1, "M01": 1,
        "M24": 1, "M25": 1,
    },
    Goal.PROFIT: {
        "M04": 3, "M05": 3, "M03": 3, "M18": 2, "M17": 2, "M25": 2, "M06": 1, "M01": 1, "M11": 1, "M19": 1,
    },
}  # fmt: skip
"""How far a metric of the library serves each goal, 0 to 3; one that is not named serves it by 0."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """
    A metric that could be paid on, and what is known of it.

    `alignment`, `controllability` and `trackability` are what the company scored, none where it has not; `objective`
    tells whether an objective of the account plan names it; `levels` are those it can be read at; `computed` whether
    it is worked out from facts; `found` and `asked` count the last closed periods with a result, and all of them.
    """

    code: str
    name: str
    perspective: str
    alignment: int | None = None
    controllability: int | None = None
    trackability: int | None = None
    objective: bool = False
    levels: frozenset[str] = frozenset()
    computed: bool = True
    found: int = 0
    asked: int = 0


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A candidate with its four scores; `beside` is the candidate before it that says the same, if one does."""

    candidate: Candidate
    alignment: int
    controllability: int
    trackability: int
    focus: int
    beside: str = ""

    @property
    def total(self) -> int:
        """Return the sum of the four, of 12."""
        return self.alignment + self.controllability + self.trackability + self.focus


def ranked(*, candidates: Sequence[Candidate], goal: Goal, same: Mapping[str, Sequence[str]]) -> list[Scored]:
    """
    Return the candidates with their scores, the best first; of equals in the order of their codes.

    Shape: `same` maps a result to the metrics that pay for it, as the check of overlapping measures has it. Focus is
    given from the best downward, so that of two measures of one result the better one keeps it.
    """
    alone = [(_alignment(one, goal), _controllability(one), _trackability(one), one) for one in candidates]
    alone.sort(key=lambda row: (-(row[0] + row[1] + row[2]), -row[0], row[3].code))
    taken: dict[str, str] = {}
    scored = []
    for alignment, controllability, trackability, one in alone:
        result = _result_of(one.code, same)
        beside = taken.setdefault(result, one.code)
        scored.append(
            Scored(
                candidate=one,
                alignment=alignment,
                controllability=controllability,
                trackability=trackability,
                focus=HIGHEST if beside == one.code else 0,
                beside="" if beside == one.code else beside,
            )
        )
    return sorted(scored, key=lambda one: (-one.total, -one.alignment, one.candidate.code))


def recommended(*, scored: Sequence[Scored], most: int) -> list[Scored]:
    """Return the best measures to begin with: each says something of its own, and serves the goal."""
    alone = [one for one in scored if not one.beside and one.alignment and one.trackability]
    return alone[:most]


def _alignment(one: Candidate, goal: Goal) -> int:
    if one.alignment is not None:
        return min(one.alignment, HIGHEST)
    return HIGHEST if one.objective else FITS[goal].get(one.code, 0)


def _controllability(one: Candidate) -> int:
    if one.controllability is not None:
        return min(one.controllability, HIGHEST)
    if "person" in one.levels:
        return HIGHEST
    return 2 if one.levels & {"segment", "site"} else 1


def _trackability(one: Candidate) -> int:
    if one.trackability is not None:
        return min(one.trackability, HIGHEST)
    if one.asked and one.found:
        return HIGHEST if one.found == one.asked else 2
    return 1 if one.computed else 0


def _result_of(code: str, same: Mapping[str, Sequence[str]]) -> str:
    bare = code.partition(".")[0]
    return next((name for name, codes in same.items() if code in codes or bare in codes), code)
