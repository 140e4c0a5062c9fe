"""A small company: a calendar of quarters, three accounts with their trees, people and rates."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import Period
from kamcomp.calendar.services import calendar_make, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from scorecards.choices import Window
from scorecards.models import Credit, Metric, Product, Result, Transaction
from scorecards.selectors import ResultNeed
from scorecards.services import results_compute
from teams.models import AccountNode, Person, Segment, StrategicAccount


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(first: str, last: str) -> DateRange:
    """Return the days from first to last, both included."""
    return DateRange(day(first), day(last) + timedelta(days=1))


@dataclass
class Company:
    """What the tests of this folder add facts to."""

    maren: User
    periods: dict[str, Period]
    nodes: dict[str, AccountNode] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    numbers: count = field(default_factory=lambda: count(1))
    clock: datetime = datetime(2020, 1, 5, tzinfo=UTC)

    def tick(self) -> datetime:
        """Return the next moment: a minute after the one before."""
        self.clock += timedelta(minutes=1)
        return self.clock

    def invoice(self, on: str, revenue: str, *, node: str = "GAG", credited=(), **values) -> Transaction:
        """Write an invoice line, and credits given as (person, type, share)."""
        values |= {
            name: table[values[name]]
            for name, table in (("product", self.products), ("segment", self.segments))
            if name in values
        }
        line = Transaction.objects.create(
            **{
                "source_id": f"T{next(self.numbers)}",
                "date": day(on),
                "node": self.nodes[node],
                "revenue": Decimal(revenue),
                "currency": "EUR",
                "recorded_at": self.clock,
                **values,
            }
        )
        Credit.objects.bulk_create(
            Credit(
                source_id=line.source_id,
                line=line.line,
                person=self.people[person],
                credit_type=kind,
                share=share,
                recorded_at=self.clock,
            )
            for person, kind, share in credited
        )
        return line

    def need(self, metric: str, *, node="GAG", person=None, segment=None, **values) -> ResultNeed:
        return ResultNeed(
            metric=metric,
            node_id=None if person else self.nodes[node].pk,
            person_id=self.people[person].pk if person else None,
            segment_id=self.segments[segment].pk if segment else None,
            currency=values.pop("currency", "EUR" if person else ""),
            **values,
        )

    def result(self, metric: str, *, period: str = "2026-Q4", window: str = Window.YEAR, **values) -> Result:
        """Compute one result and return it as stored."""
        need = self.need(metric, window=window, **values)
        results_compute(period=self.periods[period], needed=[need], by=self.maren, at=self.tick())
        return Result.objects.current().get(
            metric=Metric.objects.get(code=metric),
            period=self.periods[period],
            window=window,
            node=need.node_id,
            person=need.person_id,
            segment=need.segment_id,
        )


@pytest.fixture
def company(db) -> Company:
    maren = user_make(username="maren", roles=[Role.COMP_ADMIN], since=day("2020-01-01"), by=None)
    drafts = regular_periods(first_day=day("2024-01-01"), frequency=Frequency.QUARTER, years=3)
    calendar = calendar_make(
        code="FY", name="Fiscal year", frequency=Frequency.QUARTER, periods=drafts, by=maren
    )
    made = Company(maren, {period.code: period for period in calendar.periods.select_related("calendar")})
    for code, kind in (("AUTO", "vertical"), ("ENERGY", "vertical"), ("PUMPS", "product")):
        made.segments[code] = Segment.objects.create(code=code, name=code.title(), kind=kind)
    tree = (("GAG", None), ("GAG-DE", "GAG"), ("GAG-US", "GAG"), ("OTHER", None), ("THIRD", None))
    for code, parent in tree:
        made.nodes[code] = AccountNode.objects.create(
            code=code,
            name=code,
            parent=made.nodes.get(parent),
            currency="EUR",
            node_type="division" if parent else "parent",
        )
    for code in ("GAG", "OTHER"):
        StrategicAccount.objects.create(
            node=made.nodes[code], programme_start=day("2024-01-01"), plan_currency="EUR", status="review"
        )
    for code in ("E1", "E2", "E3"):
        made.people[code] = Person.objects.create(employee_id=code)
    for code, family, segment in (("P1", "Pumps", "PUMPS"), ("V1", "Valves", None), ("V2", "Valves", None)):
        made.products[code] = Product.objects.create(
            code=code, name=code, family=family, segment=made.segments.get(segment)
        )
    return made
