"""
What is drawn: how far each measure goes, from stated distributions with correlation, or which past period.

Everything comes from a seed: the same seed gives the same draws, and fewer draws are the first of more. Pure.
Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from kamcomp.refusal import Refusal

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

REACH, GRAIN = 8.0, 16_001
LEAST_EIGENVALUE = -1e-9
_GRID = np.linspace(-REACH, REACH, GRAIN)
_BELOW = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in _GRID])


class DistributionUnsound(Refusal):
    """A distribution is stated with figures it can have: a spread above zero, a lowest below a highest."""


class CorrelationImpossible(Refusal):
    """The correlations asked for cannot all hold at once."""


class Shape(StrEnum):
    """How the results of a measure are spread."""

    NORMAL = "normal"
    LOGNORMAL = "lognormal"
    TRIANGULAR = "triangular"
    FIXED = "fixed"


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """
    How a measure's results are spread around a centre, in what is read: attainments, or raw values.

    Normal and lognormal have a mean (`centre`) and a standard deviation (`spread`); triangular runs from
    `centre - spread` to `centre + above` and is highest at the centre; fixed is always the centre.
    """

    shape: Shape = Shape.NORMAL
    centre: float = 1.0
    spread: float = 0.1
    above: float | None = None

    def checked(self, *, name: str) -> Distribution:
        """
        Return the distribution, which can be.

        :raises DistributionUnsound: if it cannot, naming whose it is.
        """
        if self.shape is not Shape.FIXED and not self.spread > 0:
            raise DistributionUnsound("%(name)s: a spread is above zero; a fixed result has none.", name=name)
        if self.shape is Shape.LOGNORMAL and not self.centre > 0:
            raise DistributionUnsound("%(name)s: the mean of a lognormal is above zero.", name=name)
        if self.shape is Shape.TRIANGULAR and self.above is not None and not self.above >= 0:
            raise DistributionUnsound("%(name)s: the highest is not below the most likely.", name=name)
        return self


def drawn(*, distribution: Distribution, normal: Floats) -> Floats:
    """
    Return results of a distribution at standard normal draws, each at the same share of its range.

    Shape: any; the result has the shape of `normal`. Units: those of the distribution.
    Source: docs/reference/formulas.md, "Simulation".
    """
    centre, spread = distribution.centre, distribution.spread
    if distribution.shape is Shape.FIXED:
        return np.full_like(normal, centre)
    if distribution.shape is Shape.NORMAL:
        return centre + spread * normal
    if distribution.shape is Shape.LOGNORMAL:
        variance = math.log1p((spread / centre) ** 2)
        logarithms: Floats = math.log(centre) - variance / 2 + math.sqrt(variance) * normal
        return np.exp(logarithms)
    return _triangular(distribution, np.interp(normal, _GRID, _BELOW))


def _triangular(distribution: Distribution, share: Floats) -> Floats:
    low, below = distribution.centre - distribution.spread, distribution.spread
    above = below if distribution.above is None else distribution.above
    whole = below + above
    rising = low + np.sqrt(share * whole * below)
    falling = low + whole - np.sqrt((1.0 - share) * whole * above)
    return np.where(share * whole < below, rising, falling)


def mixing(*, correlation: Sequence[Sequence[float]], names: Sequence[str]) -> Floats:
    """
    Return the matrix that turns independent standard normals into correlated ones.

    :raises CorrelationImpossible: if no draws can have these correlations.
    """
    asked = np.array(correlation, dtype=np.float64).reshape(len(names), len(names))
    if not len(names):
        return asked
    if (np.abs(asked) > 1).any() or not np.allclose(asked, asked.T) or not np.allclose(np.diag(asked), 1):
        raise CorrelationImpossible("A correlation is between -1 and 1, the same both ways.")
    values, vectors = np.linalg.eigh(asked)
    if values.min() < LEAST_EIGENVALUE:
        raise CorrelationImpossible(
            "The correlations of %(names)s cannot all hold at once: bring some of them nearer to 0.",
            names=", ".join(names),
        )
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


@dataclass(frozen=True, kw_only=True)
class Cast:
    """
    Who is drawn: how many accounts, on which account each person is, and which measures are the person's own.

    `own` are places among the measures. A team's measure is drawn once an account and draw.
    """

    accounts: int
    account_of: Places
    own: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Normals:
    """Standard normals: of teams (draws x accounts x measures), of people (draws x people x own measures)."""

    teams: Floats
    people: Floats


def normals(
    *, seed: int, draws: int, cast: Cast, names: Sequence[str], correlation: Sequence[Sequence[float]], together: float
) -> Normals:  # fmt: skip
    """
    Return correlated standard normals for teams and people.

    `together` is how far accounts move together: the correlation of one measure between two accounts. A
    person's own measures are correlated with the team's as asked.
    Source: docs/reference/formulas.md, "Simulation".

    :raises CorrelationImpossible: if no draws can have these correlations.
    """
    if not 0 <= together <= 1:
        raise CorrelationImpossible("Accounts move together by a share between 0 and 1.")
    mix, measures = mixing(correlation=correlation, names=names), len(names)
    generator = np.random.default_rng([seed, 1])
    teams = _shared(generator, draws, cast.accounts, measures, together) @ mix.T
    return Normals(teams=teams, people=_of_people(seed, draws, cast, mix @ mix.T, teams, together))


def _shared(generator: np.random.Generator, draws: int, members: int, width: int, together: float) -> Floats:
    """Return independent normals, of which a part is common to all members of a draw."""
    found: Floats = np.empty((draws, members, width))
    own = generator.standard_normal((draws, members + 1, width))
    np.multiply(own[:, 1:], math.sqrt(1.0 - together), out=found)
    found += math.sqrt(together) * own[:, :1]
    return found


def _of_people(
    seed: int, draws: int, cast: Cast, correlation: Floats, teams: Floats, together: float
) -> Floats:
    if not cast.own:
        return np.zeros((draws, 0, 0))
    own = list(cast.own)
    shared = [place for place in range(len(correlation)) if place not in cast.own]
    generator = np.random.default_rng([seed, 2])
    apart = _shared(generator, draws, len(cast.account_of), len(own), together)
    if not shared:
        return np.asarray(apart @ _root(correlation[np.ix_(own, own)]).T)
    towards = correlation[np.ix_(own, shared)] @ np.linalg.pinv(correlation[np.ix_(shared, shared)])
    left = correlation[np.ix_(own, own)] - towards @ correlation[np.ix_(shared, own)]
    return np.asarray(teams[:, :, shared][:, cast.account_of] @ towards.T + apart @ _root(left).T)


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def periods_drawn(*, seed: int, draws: int, accounts: int, periods: int, together: float) -> Places:
    """
    Return which past period each account repeats in each draw: draws x accounts, from 0 on.

    A period is drawn whole, so that measures keep the correlation they had. In the share `together` of its draws
    an account repeats the period that all accounts share.
    """
    generator = np.random.default_rng([seed, 3])
    own = generator.integers(periods, size=(draws, accounts + 1))
    common = generator.random((draws, accounts)) < together
    return np.where(common, own[:, :1], own[:, 1:]).astype(np.int64)


def correlation_of(*, pairs: Mapping[tuple[str, str], float], names: Sequence[str]) -> list[list[float]]:
    """Return the matrix of correlations by name; pairs that are not named are independent."""
    return [
        [1.0 if one == other else pairs.get((one, other), pairs.get((other, one), 0.0)) for other in names]
        for one in names
    ]
