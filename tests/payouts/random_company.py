"""
Small companies drawn from a seed: one plan, a few people, what they achieved.

What is drawn is plain data. `case` writes it as a case document for the calculator, `store`
as the rows of a company that a run reads; so the two ways into the engine can be compared.
Metrics are external ones, so that a result is what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from django.db import transaction
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.calendar.services import calendar_make, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.policy.models import PolicySetting
from payouts.selectors.inputs.reads import plan_reads
from plans.engine.document import plan_from_document
from plans.engine.plan import Plan as PlanTree
from plans.models import Assignment, PlanVersion
from scorecards.choices import Aggregation, MetricSource, ResultStatus, Unit
from scorecards.engine.windows import rolling_of
from scorecards.models import (
    Collection,
    Contract,
    Credit,
    Metric,
    ObjectiveRating,
    Opportunity,
    Product,
    Result,
    Target,
    Transaction,
)
from teams.choices import EmploymentStatus, Link, SegmentKind
from teams.models import (
    AccountNode,
    AccountObjective,
    Employment,
    JobRole,
    Membership,
    PayPackage,
    Person,
    Segment,
    StrategicAccount,
)
from tests.oracle.drawing import accumulations
from tests.oracle.plans import CATEGORIES, PRODUCTS, Document, plan_document
from tests.payouts.crowd import published

D = Decimal
START, END = date(2026, 1, 1), date(2027, 1, 1)
DAY = timedelta(days=1)
QUARTERS = tuple(
    (f"2026-Q{number}", date(2026, 3 * number - 2, 1), date(2026 + number // 4, 3 * number % 12 + 1, 1))
    for number in (1, 2, 3, 4)
)
ACCOUNTS = ("MER", "GAG")
REGION = "east"
SEGMENTS = ("north", "steel")
CODES = {"M01": "X01", "M03": "X03", "M04": "X04", "M06": "X06", "M13": "X13", "M19": "X19", "M22": "X22"}
RATINGS = ("0", "0.5", "1", "1.25", "1.5")
Subject = tuple[str, str]
"""Whose result: a person's id, an account's code or "company"; and the segment, or ""."""


@dataclass
class Drawn:
    """A small company as plain data; days are half-open."""

    document: Document
    period: int
    people: list[dict[str, Any]]
    results: dict[tuple[str, str, Subject], dict[str, Any]] = field(default_factory=dict)
    targets: dict[tuple[str, Subject, date, date], str] = field(default_factory=dict)
    ratings: dict[tuple[str, str], str] = field(default_factory=dict)
    stages: dict[tuple[str, str], int] = field(default_factory=dict)
    deals: list[dict[str, Any]] = field(default_factory=list)
    contracts: dict[str, dict[str, Any]] = field(default_factory=dict)
    collecting: bool = True

    @property
    def plan(self) -> PlanTree:
        return plan_from_document(self.document)


def drawn(seed: int, *, people: int = 4) -> Drawn:
    """Return the company of a seed."""
    rng = Random(seed)
    document = _plan(rng)
    plan = plan_from_document(document)
    made = Drawn(document, rng.randrange(4), [])
    with_deals = bool(document["commissions"])
    for number in range(1, people + 1):
        made.people.append(_person(rng, f"E{number}", made.period, moves=not with_deals, people=made.people))
    for read in plan_reads(plan).keys:
        window = _window(read.key.window, made.period)
        for subject in {
            _subject(read.key, case_subject) for case_subject in _case_subjects(made, read.key.level)
        }:
            place = (read.key.metric, subject, *window)
            made.targets.setdefault(place, _target(rng))
            drawn_result = _result(rng, made.targets[place])
            if _is_short(read.key.window, made.period):
                drawn_result = None
            made.results.setdefault((read.key.metric, read.key.window, subject), drawn_result)
    for person in made.people:
        for _leaf, item in plan_reads(plan).ratings:
            if rng.random() < 0.97:
                made.ratings.setdefault((person["id"], item), rng.choice(RATINGS))
        for leaf, _name in plan_reads(plan).milestones:
            if rng.random() < 0.97:
                made.stages[person["id"], leaf] = rng.randint(1, len(_node(document, leaf)["stages"]))
    if with_deals:
        made.deals = list(_deals(rng, made))
        _draw_events(rng, made)
    return made


def _plan(rng: Random) -> Document:
    """Return a drawn plan by quarters that owes nothing over several years, on external metrics."""
    while True:
        document = plan_document(rng)
        if document["period"] == "quarter" and "multi_year" not in set(accumulations(document)) | {
            node.get("accumulation") for node in _nodes(document["incentive"])
        }:
            break
    renamed = _renamed(document)
    return renamed | {"code": "SMALL", "effective": {"from": "2026-01-01", "to": "2026-12-31"}}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: CODES[each] if key == "metric" else _renamed(each) for key, each in value.items()}
    return [_renamed(each) for each in value] if isinstance(value, list) else value


def _nodes(node: Document) -> Iterator[Document]:
    for child in node.get("children", []):
        yield child
        yield from _nodes(child)


def _node(document: Document, code: str) -> Document:
    return next(node for node in _nodes(document["incentive"]) if node["code"] == code)


def _person(
    rng: Random, name: str, period: int, *, moves: bool, people: list[dict[str, Any]]
) -> dict[str, Any]:
    since, until = QUARTERS[period][1:]
    joined = START if rng.random() < 0.7 else since + timedelta(days=rng.randrange(60))
    left = END if rng.random() < 0.8 else until - timedelta(days=rng.randrange(1, 25))
    fte = rng.choice(("1", "1", "1", "0.8", "0.5"))
    leave = None
    if rng.random() < 0.2:
        begins = max(joined, since) + timedelta(days=rng.randrange(1, 5))
        leave = (begins, min(left, begins + timedelta(days=rng.randrange(1, 20))))
        leave = leave if leave[0] < leave[1] else None
    yearly = [rng.choice((30_000, 24_000, 12_345, 99_999, rng.randint(1, 60_000))) for _ in range(2)]
    raised = since + timedelta(days=rng.randrange(1, 80)) if rng.random() < 0.3 else END
    account = ACCOUNTS[0] if not moves else rng.choice(ACCOUNTS)
    moves = moves and (joined, left) == (START, END) and rng.random() < 0.4
    moved = END if not moves else since + timedelta(days=rng.randrange(1, 80))
    other = ACCOUNTS[1 - ACCOUNTS.index(account)]
    dedication = rng.choice(("1", "1", "0.6", "0.33"))
    stays = [(START, moved, account), (moved, END, other)]
    return {
        "id": name,
        "manager": rng.choice(people)["id"] if people and rng.random() < 0.7 else None,
        "employed": (joined, left, fte),
        "leave": leave,
        "packages": [
            (low, high, f"{amount}.{rng.choice((0, 0, 25)):02}", str(rng.randint(20, 200) * 1000))
            for (low, high), amount in zip(((START, raised), (raised, END)), yearly, strict=True)
            if low < high
        ],
        "assignments": [
            {"since": low, "until": high, "account": code, "dedication": dedication}
            for low, high, code in stays
            if low < high
        ],
        "parameters": {
            "rate": rng.choice(("0.01", "0.015", "0.0333")),
            "amount": rng.choice(("500", "1000", "12345")),
            "history_average": rng.choice(("1", "0.95", "1.1")),
            "factor": rng.choice(("0.25", "0.5", "1")),
        },
    }


def _is_short(window: str, period: int) -> bool:
    """Tell whether the year has too few quarters up to now for a rolling window that wants them all."""
    rolling = rolling_of(word=window)
    return rolling is not None and not rolling.or_fewer and rolling.periods > period + 1


def _window(window: str, period: int) -> tuple[date, date]:
    """Return the days of a window; of a rolling one those that the year has, be they enough or not."""
    rolling = rolling_of(word=window)
    first = max(0, period - rolling.periods + 1) if rolling else period
    since = QUARTERS[first][1] if rolling or window == "period" else START
    return since, END if window == "year" else QUARTERS[period][2]


def _case_subjects(made: Drawn, level: str) -> list[str]:
    return {
        "individual": [person["id"] for person in made.people],
        "team": list(ACCOUNTS),
        "region": [REGION],
        "company": ["company"],
    }[level]


def _subject(key: Any, name: str) -> Subject:
    """Return whose stored result is read for a subject of the case: a region is a part of the company."""
    if key.level == "region":
        return "company", key.segment or REGION
    return name, key.segment


def _target(rng: Random) -> str:
    return str(
        rng.choice((100, 80, 125, 90, 30, 70, 1000, rng.randint(1, 9999), 0 if rng.random() < 0.2 else 50))
    )


def _result(rng: Random, target: str) -> dict[str, Any] | None:
    if rng.random() < 0.03:
        return None
    actual = D(target) * rng.choice((rng.randint(8, 30) * 5, rng.randint(40, 160), 100)) / 100
    if rng.random() < 0.3:
        return {
            "numerator": str(actual * rng.choice((1, 2, 3))),
            "denominator": str(rng.choice((1, 3, 7, 12))),
        }
    return {"actual": str(actual)}


def _deals(rng: Random, made: Drawn) -> Iterator[dict[str, Any]]:
    """Yield invoice lines of the year up to the period's end on the first account, and who is credited."""
    last = (QUARTERS[made.period][2] - START).days
    names = [person["id"] for person in made.people]
    for number in range(rng.randint(2, 9)):
        revenue = D(rng.choice((1000, 20_000, 999, rng.randint(1, 80_000)))) + D(rng.randrange(100)) / 100
        revenue = -revenue if rng.random() < 0.08 else revenue
        credits = [(rng.choice(names), "direct", "1")]
        if rng.random() < 0.4:
            part = rng.choice(("0.5", "0.33", "0.25"))
            one, two = rng.sample(names, 2)
            credits = [(one, "split", part), (two, "split", str(1 - D(part)))]
        credits += [
            (rng.choice(names), kind, rng.choice(("1", "0.5")))
            for kind in ("overlay", "crossover")
            if rng.random() < 0.3
        ]
        yield {
            "id": f"T{number}",
            "date": START + timedelta(days=rng.randrange(last)),
            "revenue": revenue,
            "cost": revenue * rng.choice((50, 80, 90)) / 100,
            "units": rng.randint(0, 12),
            "product": rng.choice(PRODUCTS),
            "credits": credits,
        }


def _draw_events(rng: Random, made: Drawn) -> None:
    """Draw when the deals are booked and paid, which contracts they bill, and when those are renewed."""
    made.collecting = rng.random() < 0.9
    for name in ("K1", "K2", "K3"):
        made.contracts[name] = {
            "value": rng.choice((50_000, 120_000, rng.randint(1, 300_000))),
            "renewed": START + timedelta(days=rng.randrange(365)) if rng.random() < 0.5 else None,
            "notice": rng.random() < 0.1,
        }
    for deal in made.deals:
        days = (deal["date"] - START).days
        deal["booked"] = START + timedelta(days=rng.randint(0, days)) if rng.random() < 0.5 else None
        deal["contract"] = rng.choice(("", "", "K1", "K2", "K3", "K9" if rng.random() < 0.2 else ""))
        shares = rng.choice(((), ("1",), ("0.5", "0.5"), ("0.25", "0.5"), ("0.75", "-0.25"), ("0.5",)))
        deal["collected"] = [
            (START + timedelta(days=rng.randrange(365)), D(share)) for share in shares if made.collecting
        ]
    if made.collecting:
        made.deals[0]["collected"].append((START, D(0)))


# The case ---------------------------------------------------------------------------------------------------


def case(made: Drawn) -> Document:
    """Return the company as a case document."""
    return {
        "format": "kamcomp.case/1",
        "plan": made.document,
        "calendar": {
            "years": [
                {
                    "name": "2026",
                    "periods": [_dated(low, high) | {"name": name} for name, low, high in QUARTERS],
                }
            ],
            "pay": [QUARTERS[made.period][0]],
        },
        "people": [_case_person(person) for person in made.people],
        "results": list(_case_results(made)),
        "ratings": [
            {
                "person": person,
                "leaf": leaf,
                "item": item,
                "period": QUARTERS[made.period][0],
                "rating": rating,
            }
            for leaf, item in plan_reads(made.plan).ratings
            for (person, rated), rating in made.ratings.items()
            if rated == item
        ],
        "stages": [
            {"person": person, "leaf": leaf, "period": QUARTERS[made.period][0], "stage": stage}
            for (person, leaf), stage in made.stages.items()
        ],
        "credits": list(_case_credits(made)),
    }


def _dated(since: date, until: date) -> Document:
    return {"from": since.isoformat(), "to": (until - DAY).isoformat()}


def _case_person(person: dict[str, Any]) -> Document:
    joined, left, fte = person["employed"]
    return {
        "id": person["id"],
        "manager": person["manager"],
        "region": REGION,
        "employments": [_dated(joined, left) | {"fte": fte}],
        "packages": [
            _dated(low, high) | {"target_incentive": target, "base_salary": base}
            for low, high, target, base in person["packages"]
        ],
        "leaves": [] if person["leave"] is None else [_dated(*person["leave"])],
        "assignments": [
            _dated(each["since"], each["until"])
            | {
                "account": each["account"],
                "dedication": each["dedication"],
                "parameters": person["parameters"],
            }
            for each in person["assignments"]
        ],
        "opening": dict.fromkeys(("posted", "carried", "excess", "bank", "draw", "recoverable"), "0"),
    }


def _case_results(made: Drawn) -> Iterator[Document]:
    period = QUARTERS[made.period][0]
    for read in plan_reads(made.plan).keys:
        key = read.key
        for name in _case_subjects(made, key.level):
            subject = _subject(key, name)
            result = made.results[key.metric, key.window, subject]
            if result is not None:
                target = made.targets[key.metric, subject, *_window(key.window, made.period)]
                yield {
                    "metric": key.metric, "level": str(key.level), "subject": name, "segment": key.segment or None,
                    "period": period, "window": str(key.window), "target": target,
                } | result  # fmt: skip


def _case_credits(made: Drawn) -> Iterator[Document]:
    reads = plan_reads(made.plan)
    read = {"deal", *reads.events, *(["payment"] if "collected" in reads.credit_bases else [])}
    for deal in made.deals:
        for name, low, high in QUARTERS[: made.period + 1]:
            earned = _earned(made, deal, low, high)
            if any(D(earned[event] or 0) for event in read):
                for person, kind, share in deal["credits"]:
                    yield _case_credit(made, deal, name, earned) | {
                        "id": f"erp/{deal['id']}/1/{person}/{kind}@{name}", "person": person, "credit_type": kind,
                        "share": share,
                    }  # fmt: skip


def _case_credit(made: Drawn, deal: dict[str, Any], period: str, earned: dict[str, str | None]) -> Document:
    stated: Document = {
        "period": period, "product": deal["product"], "category": CATEGORIES[PRODUCTS.index(deal["product"])],
        "units": str(deal["units"]), "revenue": str(deal["revenue"]), "margin": str(deal["revenue"] - deal["cost"]),
        "earned": {event: part for event, part in earned.items() if part is not None},
    }  # fmt: skip
    if (paid := earned["payment"]) is not None:
        stated["collected"] = str(deal["revenue"] * D(paid))
    if deal["contract"] != "K9":
        first = min(
            (each["booked"] or each["date"], each["id"])
            for each in made.deals
            if each["contract"] == deal["contract"]
        )
        named = deal["contract"] and first[1] == deal["id"]
        stated["contract_value"] = str(made.contracts[deal["contract"]]["value"] if named else 0)
    return stated


def _earned(made: Drawn, deal: dict[str, Any], low: date, high: date) -> dict[str, str | None]:
    """Return how far each event of a deal came in a quarter, and whether the deal's own day is in it."""
    contract = made.contracts.get(deal["contract"], {"renewed": None, "notice": False})
    renewed = contract["renewed"] is not None and not contract["notice"] and low <= contract["renewed"] < high
    paid = sum((share for on, share in deal["collected"] if low <= on < high), D(0))
    return {
        "deal": str(int(low <= deal["date"] < high)),
        "booking": str(int(low <= (deal["booked"] or deal["date"]) < high)),
        "invoice": str(int(low <= deal["date"] < high)),
        "payment": str(paid) if made.collecting else None,
        "renewal": None if deal["contract"] == "K9" else str(int(renewed)),
        "year_end": str(int(high == END)),
    }


# The rows ---------------------------------------------------------------------------------------------------


def store(made: Drawn) -> tuple[Period, dict[str, Any]]:
    """Write the company's rows; return the period to run and the users."""
    with transaction.atomic():
        users = {
            name: user_make(username=name, roles=[role], since=START, by=None)
            for name, role in (("maren", Role.COMP_ADMIN), ("anders", Role.EXECUTIVE))
        }
        calendar = calendar_make(
            code="FY", name="Fiscal year", frequency=Frequency.QUARTER, by=users["maren"],
            periods=regular_periods(first_day=START, frequency=Frequency.QUARTER, years=1),
        )  # fmt: skip
        periods = list(calendar.periods.order_by("days"))
        for period in periods:
            period.status = PeriodStatus.OPEN
            period.save(update_fields=["status"])
        nodes = {
            code: AccountNode.objects.create(code=code, name=code, currency="EUR", region=REGION)
            for code in (*ACCOUNTS, "company")
        }
        PolicySetting.objects.create(key="company.node", value="company", valid=DateRange(START, END))
        accounts = {
            code: StrategicAccount.objects.create(
                node=nodes[code], programme_start=START, plan_currency="EUR"
            )
            for code in ACCOUNTS
        }
        version = published(calendar=calendar, users=users, document=made.document, code="SMALL")
        people = _store_people(made, version, accounts)
        _store_results(made, periods[made.period], nodes, people)
        _store_judged(made, periods[made.period], accounts, people)
        _store_deals(made, nodes[ACCOUNTS[0]], people)
    return periods[made.period], users


def _store_people(
    made: Drawn, version: PlanVersion, accounts: dict[str, StrategicAccount]
) -> dict[str, Person]:
    people: dict[str, Person] = {}
    role = JobRole.objects.first()
    for drawn_person in made.people:
        manager = drawn_person["manager"]
        person = Person.objects.create(employee_id=drawn_person["id"], manager=people.get(manager))
        people[person.employee_id] = person
        joined, left, fte = drawn_person["employed"]
        cuts = sorted({joined, left, *(drawn_person["leave"] or ())})
        for low, high in pairwise(cuts):
            on_leave = drawn_person["leave"] == (low, high)
            Employment.objects.create(
                person=person, employer="Halden", jurisdiction="DE", payroll_currency=version.currency, fte=fte,
                valid=DateRange(low, high), status=EmploymentStatus.LEAVE if on_leave else EmploymentStatus.ACTIVE,
            )  # fmt: skip
        for low, high, target, base in drawn_person["packages"]:
            PayPackage.objects.create(
                person=person, base_salary=base, variable_target=target, currency=version.currency,
                valid=DateRange(low, high),
            )  # fmt: skip
        for each in drawn_person["assignments"]:
            days, account = DateRange(each["since"], each["until"]), accounts[each["account"]]
            Assignment.objects.create(
                person=person, plan=version.plan, plan_version=version, account=account, valid=days,
                parameters=drawn_person["parameters"],
            )  # fmt: skip
            Membership.objects.create(
                person=person,
                account=account,
                role=role,
                link=Link.DIRECT,
                dedication=each["dedication"],
                valid=days,
            )
    return people


def _store_results(
    made: Drawn, period: Period, nodes: dict[str, AccountNode], people: dict[str, Person]
) -> None:
    segments = {
        code: Segment.objects.create(code=code, name=code, kind=SegmentKind.VERTICAL)
        for code in (*SEGMENTS, REGION)
    }
    metrics = {
        code: Metric.objects.create(
            code=code, name=code, perspective="financial", unit=Unit.MONEY, aggregation=Aggregation.SUM,
            source=MetricSource.EXTERNAL,
        )
        for code in CODES.values()
    }  # fmt: skip

    def whose(subject: Subject) -> dict[str, Any]:
        name, segment = subject
        holder = {"person": people[name]} if name in people else {"node": nodes[name]}
        return holder | {"segment": segments[segment] if segment else None}

    for (code, window, subject), result in made.results.items():
        if result is not None:
            numerator = D(result.get("numerator") or result["actual"])
            denominator = None if "actual" in result else D(result["denominator"])
            Result.objects.create(
                metric=metrics[code], period=period, window=window, numerator=numerator, denominator=denominator,
                value=numerator / (denominator or 1), status=ResultStatus.FINAL, **whose(subject),
            )  # fmt: skip
    for (code, subject, since, until), value in made.targets.items():
        Target.objects.create(
            metric=metrics[code], days=DateRange(since, until), value=value, **whose(subject)
        )


def _store_judged(
    made: Drawn, period: Period, accounts: dict[str, StrategicAccount], people: dict[str, Person]
) -> None:
    for (name, item), rating in made.ratings.items():
        objective = AccountObjective.objects.create(
            account=accounts[ACCOUNTS[0]], code=f"{name}/{item}", owner=people[name], statement=item,
            due_on=date(2026, 12, 31),
        )  # fmt: skip
        ObjectiveRating.objects.create(objective=objective, period=period, rating=rating)
    for (name, leaf), stage in made.stages.items():
        Opportunity.objects.create(
            opportunity_id=f"{name}/{leaf}", node=accounts[ACCOUNTS[0]].node, owner=people[name], stage=stage,
            stages=len(_node(made.document, leaf)["stages"]),
        )  # fmt: skip


def _store_deals(made: Drawn, node: AccountNode, people: dict[str, Person]) -> None:
    site = AccountNode.objects.create(code="MER-1", name="Site", parent=node, currency="EUR")
    products = {
        code: Product.objects.create(code=code, name=code, family=family)
        for code, family in zip(PRODUCTS, CATEGORIES, strict=True)
    }
    currency = made.document["currency"]
    for deal in made.deals:
        Transaction.objects.create(
            source_id=deal["id"], date=deal["date"], node=site, revenue=deal["revenue"], cost=deal["cost"],
            currency=currency, quantity=deal["units"], product=products[deal["product"]],
            booked_on=deal["booked"], contract_id=deal["contract"],
        )  # fmt: skip
        for name, kind, share in deal["credits"]:
            Credit.objects.create(source_id=deal["id"], person=people[name], credit_type=kind, share=share)
        for number, (on, share) in enumerate(deal["collected"]):
            Collection.objects.create(
                source_id=deal["id"], collection_id=str(number), collected_on=on, amount=deal["revenue"] * share,
                currency=currency,
            )  # fmt: skip
    for name, contract in made.contracts.items():
        common = {"node": site, "start_on": START, "end_on": END, "currency": currency}
        Contract.objects.create(contract_id=name, value=contract["value"], **common)
        if contract["renewed"] is not None:
            Contract.objects.create(
                contract_id=f"{name}-2", value=1, renewed_from=name, signed_on=contract["renewed"],
                notice_on=START if contract["notice"] else None, **common,
            )  # fmt: skip
