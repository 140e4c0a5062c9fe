"""The same scorecards and pools as a spreadsheet: LibreOffice's recalculation beside ours, to the cent."""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Asked, Figure, django_up, median, spread

TITLE = "A spreadsheet"
ABOUT = (
    "Teams of eight: four measures against targets through a curve of three points, weighted; the members' pool "
    "targets times the result are the pool, split to the cent by weight, what is left to the largest remainders. The "
    "same figures as formulas of a workbook, recalculated by LibreOffice without a window."
)
TEAM, MEASURES = 8, 4
WEIGHTS = ("0.40", "0.30", "0.20", "0.10")
POINTS = (("0.80", "0.50"), ("1.00", "1.00"), ("1.50", "2.00"))
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""


def measure(asked: Asked) -> list[Figure]:
    """Return rows a second of both, and how many amounts differ."""
    django_up()
    teams = max(1, min(asked.people, 20_000) // TEAM)
    drawn = Drawn(teams)
    ours, took = [], []
    for _turn in range(max(3, asked.pairs)):
        started = time.perf_counter()
        ours = shares(drawn)
        took.append(time.perf_counter() - started)
    figures = [
        Figure(what="people and amounts", value=f"{teams * TEAM:,}"),
        Figure(what="ours, exact", value=f"{teams * TEAM / median(took):,.0f} amounts a second ({spread(took)} s)"),
    ]  # fmt: skip
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return [*figures, Figure(what="LibreOffice", value="not installed here: not measured")]
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.xlsx", Path(folder) / "large.xlsx"
        workbook(Drawn(1), small)
        workbook(drawn, large)
        start, _amounts = recalculated(office, small)
        whole, amounts = recalculated(office, large)
    differ = sum(mine != theirs for mine, theirs in zip(ours, amounts, strict=True))
    net = max(whole - start, 0.001)
    return [
        *figures,
        Figure(
            what="LibreOffice, without its start",
            value=f"{teams * TEAM / net:,.0f} amounts a second ({net:.1f} s; its start {start:.1f} s)",
        ),
        Figure(what="ours / LibreOffice", value=f"{net / median(took):.1f} times"),
        Figure(
            what="amounts that differ by a cent or more", value=f"{differ}", goal="0", reached=differ == 0
        ),
    ]


class Drawn:
    """Figures of so many teams, drawn with a fixed seed: integers, so that both sides read the same."""

    def __init__(self, teams: int) -> None:
        drawn = np.random.default_rng(1_122)
        self.teams = teams
        self.targets = drawn.integers(80_000, 120_000, (teams, MEASURES)).tolist()
        self.actuals = drawn.integers(60_000, 190_000, (teams, MEASURES)).tolist()
        self.pool_targets = drawn.integers(90_000, 400_000, (teams, TEAM)).tolist()  # in cents
        self.weights = drawn.integers(15, 151, (teams, TEAM)).tolist()  # in hundredths


def shares(drawn: Drawn) -> list[str]:
    """Return everybody's share of their team's pool, computed by the engine."""
    from decimal import localcontext

    from kamcomp.columns import EXACT, as_column
    from kamcomp.money import CONTEXT, split
    from payouts.engine.pool import targets_times_result
    from plans.engine.conventions import AttainmentRule
    from plans.engine.curve import curve_value
    from plans.engine.plan import Curve, CurvePoint
    from scorecards.engine.attainment import attainment

    points = tuple(CurvePoint(Decimal(x), Decimal(y), Decimal(y)) for x, y in POINTS)
    result: Any = EXACT.zeros(drawn.teams)
    with localcontext(CONTEXT):
        for place, weight in enumerate(WEIGHTS):
            actual = as_column([Decimal(row[place]) for row in drawn.actuals])
            target = as_column([Decimal(row[place]) for row in drawn.targets])
            reached = attainment(rule=AttainmentRule.RATIO, actual=actual, target=target)
            result = result + curve_value(curve=Curve(points=points), reading=reached) * Decimal(weight)
    amounts = []
    for team in range(drawn.teams):
        targets = {str(n): Decimal(cents).scaleb(-2) for n, cents in enumerate(drawn.pool_targets[team])}
        pool = targets_times_result(targets=targets, result=result[team], currency="EUR")
        keys = list(range(TEAM))
        amounts += [f"{share:.2f}" for share in split(pool, drawn.weights[team], currency="EUR", keys=keys)]
    return amounts


def workbook(drawn: Drawn, path: Path) -> None:
    """Write the same figures with formulas: people on the first sheet, their teams' results on the second."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": False})
    people, teams = book.add_worksheet("people"), book.add_worksheet("teams")
    cents = book.add_format({"num_format": "0.00"})
    for team in range(drawn.teams):
        row, result = team + 1, []
        for place in range(MEASURES):
            first = 4 * place
            teams.write_number(team, first, drawn.targets[team][place])
            teams.write_number(team, first + 1, drawn.actuals[team][place])
            target, actual, reached, ratio = (_column(first + n) for n in range(4))
            teams.write_formula(team, first + 2, f"={actual}{row}/{target}{row}")
            x = f"{reached}{row}"
            teams.write_formula(
                team, first + 3,
                f"=IF({x}<0.8,0,IF({x}<1,0.5+({x}-0.8)*0.5/0.2,IF({x}<1.5,1+({x}-1)*1/0.5,2)))",
            )  # fmt: skip
            result.append(f"{ratio}{row}*{WEIGHTS[place]}")
        teams.write_formula(team, 4 * MEASURES, "=" + "+".join(result))
        _team_formulas(drawn, team, people, cents)
    book.close()


def _team_formulas(drawn: Drawn, team: int, people: Any, cents: Any) -> None:
    top, bottom = team * TEAM + 1, team * TEAM + TEAM
    pool = f"ROUND(ROUND(SUM($B${top}:$B${bottom})*teams!${_column(4 * MEASURES)}${team + 1},10),2)"
    for member in range(TEAM):
        at, row = team * TEAM + member, team * TEAM + member + 1
        people.write_number(at, 1, drawn.pool_targets[team][member] / 100)
        people.write_number(at, 2, drawn.weights[team][member])
        people.write_formula(at, 3, f"={pool}")
        people.write_formula(at, 4, f"=ROUND(D{row}*C{row}/SUM($C${top}:$C${bottom}),9)")
        people.write_formula(at, 5, f"=ROUNDDOWN(E{row},2)")
        people.write_formula(at, 6, f"=ROUND(E{row}-F{row},9)")
        before = f"COUNTIF($G${top}:G{row},G{row})-1"
        people.write_formula(at, 7, f"=RANK(G{row},$G${top}:$G${bottom})+{before}")
        left = f"ROUND((D{row}-SUM($F${top}:$F${bottom}))*100,0)"
        people.write_formula(at, 0, f"=F{row}+IF(H{row}<={left},0.01,0)", cents)


def _column(place: int) -> str:
    return chr(ord("A") + place)


def recalculated(office: str, path: Path) -> tuple[float, list[str]]:
    """Return the seconds LibreOffice needs to load, recalculate and write a workbook, and the first column."""
    profile = path.parent / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS)
    started = time.perf_counter()
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{profile.parent}", "--convert-to", "csv", "--outdir",
         str(path.parent), str(path)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900,
    )  # fmt: skip
    took = time.perf_counter() - started
    with path.with_suffix(".csv").open(newline="") as stream:
        return took, [f"{Decimal(row[0]):.2f}" for row in csv.reader(stream)]
