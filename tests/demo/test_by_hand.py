"""
Every closed payout and pool of Halden worked out again with fractions, from facts and plan documents alone.

Nothing of the engine is used: a curve, a gate, a hurdle, a cap and days are each a line here. What comes out has to
be what was paid, to the cent; and what was paid has to be the same in statements, register, ledger and accruals.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from django.db.models import Sum
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.visibility import Viewer
from payouts.choices import RunStatus
from payouts.models import LedgerEntry, Payout, PayoutLine, Pool, RegisterRow, Run
from payouts.selectors.accruals import accruals
from payouts.selectors.reconciliation import run_reconciled
from payouts.selectors.statements import statement
from plans.models import Assignment
from scorecards.models import Credit, Result, Target, Transaction
from teams.models import PayPackage, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halden"), pytest.mark.xdist_group("halden")]
F = Fraction


def cents(amount: Fraction) -> Decimal:
    """Return an amount of euros, half a cent up: exact, because a fraction has no tail."""
    doubled = amount * 200
    units = (abs(doubled.numerator) + doubled.denominator) // (2 * doubled.denominator)
    return Decimal(units if amount >= 0 else -units).scaleb(-2)


class Quarter:
    """One payee's quarter: the facts the run knew, and the plan document read by hand."""

    def __init__(self, run: Run, version, node, person) -> None:
        self.document, self.node, self.person = version.document, node, person
        self.run, self.days = run, run.period.days

    def fact(self, metric: str, segment: str | None) -> tuple[Fraction, Fraction | None]:
        of = {"metric__code": metric, "segment__code": segment}
        results = Result.objects.known_at(self.run.known_at).filter(
            period=self.run.period, window="period", **of
        )
        # What the run believed, and not what a later chapter restated: the story is told in one transaction.
        results = results.order_by("pk")
        result = results.filter(node=self.node).first() or results.filter(person=self.person).first()
        below = F(result.denominator) if result.denominator is not None else F(1)
        actual = F(result.value) if result.numerator is None else F(result.numerator) / below
        targets = Target.objects.known_at(self.run.known_at).filter(days=self.days, node=self.node, **of)
        target = targets.order_by("pk").first()
        return actual, None if target is None else F(target.value)

    def reading(self, node: dict, segment: str | None) -> Fraction:
        actual, target = self.fact(node["metric"], segment)
        if node.get("reads", "attainment") == "value":
            return actual
        return actual / (F(node["target"]) if node.get("target") else target)

    def weighted(self, node: dict, segment: str | None = None) -> Fraction:
        """Return a node's result times its weight: curve or children, hurdle, gate, cap."""
        weight, segment = F(node.get("weight", "1")), node.get("segment") or segment
        if "children" not in node:
            value = curve(node["curve"]["points"], self.reading(node, segment))
            return self.gated(node, value, F(1), segment) * weight
        children = [(F(child["weight"]), self.weighted(child, segment)) for child in node["children"]]
        hurdle = node.get("hurdle")
        if hurdle and any(value < F(hurdle["at_least"]) * share for share, value in children):
            children = [(share, min(value, share)) for share, value in children]
        value = self.gated(node, sum((each for _share, each in children), F(0)), weight, segment)
        return min(value, F(node["cap"]) * weight) if node.get("cap") else value

    def gated(self, node: dict, value: Fraction, scale: Fraction, segment: str | None) -> Fraction:
        gate = node.get("gate")
        if not gate or self.reading(gate, segment) >= F(gate["at_least"]):
            return value
        return F(0) if gate["otherwise"] == "zero" else min(value, F(gate["otherwise"]["limit"]) * scale)

    def incentive(self) -> Fraction:
        """Return a quarter of the year's incentive, by the days on the plan and employed."""
        whole, total = (self.days.upper - self.days.lower).days, F(0)
        on_plan = list(Assignment.objects.filter(person=self.person).values_list("valid", flat=True))
        employed = list(self.person.employments.values_list("valid", flat=True))
        packages = PayPackage.objects.filter(person=self.person, status="approved")
        yearly = list(packages.values_list("valid", "variable_target"))
        for day in (self.days.lower + timedelta(days=number) for number in range(whole)):
            if any(day in span for span in on_plan) and any(day in span for span in employed):
                total += sum(F(amount) for span, amount in yearly if day in span) / 4 / whole
        return total


def curve(points: list, reading: Fraction) -> Fraction:
    """Return what a line through points pays: nothing below the first, the last from the last on."""
    at = [(F(each[0]), F(each[1]), F(each[-1])) for each in points]
    if reading < at[0][0]:
        return F(0)
    for (low, _before, pays), (high, arriving, _after) in pairwise(at):
        if reading < high:
            return pays + (reading - low) * (arriving - pays) / (high - low)
    return at[-1][2]


def runs(calendar: str = "FY") -> list[Run]:
    found = Run.objects.filter(is_current=True, calendar__code=calendar).select_related("period")
    return list(found.order_by("period__days"))


class TestByHand:
    def test_every_manager_is_paid_what_the_documents_say(self):
        worked = {}
        for payout in Payout.objects.filter(run__in=runs()).select_related(
            "run__period", "person", "plan_version"
        ):
            line = PayoutLine.objects.filter(payout=payout, account__isnull=False).first()
            quarter = Quarter(payout.run, payout.plan_version, line.account.node, payout.person)
            share = quarter.weighted(payout.plan_version.document["incentive"])
            worked[payout] = cents(share * quarter.incentive())

        assert len(worked) == 14 * 5
        assert {payout: payout.amount for payout in worked} == worked
        assert len({payout.plan_version.plan.code for payout in worked}) == 3

    def test_every_pool_is_funded_by_the_result_of_its_node(self):
        pools = Pool.objects.filter(run__in=runs(), funded__isnull=False).select_related(
            "run__period", "plan_version", "account__node", "allocator"
        )
        assert len(pools) >= len(runs())
        for pool in pools:
            quarter = Quarter(pool.run, pool.plan_version, pool.account.node, pool.allocator)
            tree = pool.plan_version.document["incentive"]
            named = pool.plan_version.document["pool"]["funding"]["node"]
            node = next((each for each in tree["children"] if each["code"] == named), tree)
            ratio = quarter.weighted(node) / F(node.get("weight", "1"))
            targets = sum(F(each["target"]) for each in pool.inputs["members"] if each["eligible"])
            assert pool.funded - pool.correction == cents(targets * max(ratio, F(0))), pool

    def test_every_representative_is_paid_their_rate_of_what_they_are_credited(self):
        payouts = Payout.objects.filter(run__in=runs("SALES")).select_related("run__period", "person")
        assert {payout.run_id for payout in payouts} == {run.pk for run in runs("SALES")}
        for payout in payouts:
            days = payout.run.period.days
            assigned = Assignment.objects.get(person=payout.person, plan_version=payout.plan_version)
            rate = F(assigned.parameters["rate"])
            known = Transaction.objects.known_at(payout.run.known_at)
            lines = known.filter(date__gte=days.lower, date__lt=days.upper)
            sold = {(each.source_id, each.line): F(each.revenue) for each in lines}
            credits = Credit.objects.known_at(payout.run.known_at).filter(person=payout.person)
            credited = sum(sold.get((each.source_id, each.line), F(0)) * F(each.share) for each in credits)
            assert payout.amount == cents(credited * rate)


class TestSums:
    def test_are_the_same_in_statements_register_ledger_and_accruals(self):
        jonas = User.objects.filter(role_grants__role=Role.FINANCE).first()
        viewer = Viewer(jonas.pk, frozenset({Role.FINANCE}), timezone.now().date())
        people = {person.pk: person for person in Person.objects.all()}
        some = sorted(people, key=lambda key: people[key].employee_id)[::15]
        some += RegisterRow.objects.exclude(converted=0).values_list("person_id", flat=True)
        locked = [run for run in [*runs(), *runs("SALES")] if run.status == RunStatus.LOCKED]
        for run in locked:
            told: dict = defaultdict(Decimal)
            rows = list(RegisterRow.objects.filter(run=run))
            for person_id in {row.person_id for row in rows} & set(some):
                said = statement(person=people[person_id], period=run.period, viewer=viewer)
                paid = ((said.currency, said.total), *said.others.items(), *said.converted.items())
                for code, amount in paid:
                    told[person_id, code] += amount
            entries = LedgerEntry.objects.filter(posting__run=run, account="payable", person__isnull=False)
            owed = entries.order_by().values_list("person_id", "currency").annotate(total=Sum("amount"))
            posted = {(person, code): -total for person, code, total in owed if total}
            assert {(row.person_id, row.currency): row.payable for row in rows if row.payable} == posted
            of_some = {key: total for key, total in posted.items() if key[0] in some}
            assert {key: total for key, total in told.items() if total} == of_some, run
        ends = max(run.period.days.upper for run in locked)
        open_at: dict = {}
        for year in sorted({run.period.fiscal_year for run in locked}):
            for row in accruals(fiscal_year=year):
                if row.month < ends:
                    open_at[row.cost_centre, row.currency] = row.balance
        balances: dict = defaultdict(Decimal)
        for (_centre, code), balance in open_at.items():
            balances[code] += balance
        closings: dict = defaultdict(Decimal)
        for last in {run.calendar_id: run for run in locked}.values():
            for each in run_reconciled(run=last):
                closings[each.currency] += each.closing
        assert balances == closings
