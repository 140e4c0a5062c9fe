"""Laws of metrics, for every input: what must not matter does not, and sums add up."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from scorecards.engine.facts import AccountNode, Contract, Credit, Facts, Product, Sale, Subject
from scorecards.engine.ingredients import INGREDIENTS, Ingredients, ingredients_from_facts
from scorecards.engine.library import LIBRARY
from scorecards.engine.metric import MetricResult, metric_result
from scorecards.engine.rates import Rates
from scorecards.engine.windows import Window

FIRST = date(2024, 1, 1)
YEAR = Window(date(2026, 1, 1), date(2027, 1, 1))
TREE = (
    AccountNode("A"),
    AccountNode("A1", "A", "division"),
    AccountNode("A2", "A", "site"),
    AccountNode("B"),
)
PRODUCTS = (Product("P", "Pumps", "S1"), Product("V", "Valves", "S2"), Product("W", "Valves", "S2"))
KINDS = {"S1": "vertical", "S2": "vertical"}
RATES = Rates({("EUR", "USD"): Decimal("1.07"), ("JPY", "EUR"): Decimal("0.0062")})
FROM_SALES = [code for code, rule in LIBRARY.items() if rule.source.startswith("transactions")]
FROM_CONTRACTS = [code for code, rule in LIBRARY.items() if rule.source == "contracts"]
PEOPLE = ("E1", "E2")


def amounts(low: int = -10_000_000) -> st.SearchStrategy[Decimal]:
    return st.integers(low, 10_000_000_000).map(lambda units: Decimal(units).scaleb(-4))


def sales() -> st.SearchStrategy[Sale]:
    shares = st.integers(0, 100).map(lambda part: Decimal(part) / 100)
    return st.builds(
        lambda offset, account, revenue, currency, product, order, share: Sale(
            on=FIRST + timedelta(days=offset),
            account=account,
            revenue=revenue,
            currency=currency,
            cost=revenue / 2,
            quantity=abs(revenue) / 8,
            product=product,
            order=order,
            credits=(Credit("E1", "split", share), Credit("E2", "split", 1 - share)),
        ),
        offset=st.integers(0, 1095),
        account=st.sampled_from(["A", "A1", "A2", "B"]),
        revenue=amounts(),
        currency=st.sampled_from(["EUR", "USD", "JPY"]),
        product=st.sampled_from(["P", "V", "W", None]),
        order=st.sampled_from(["1", "2", "3", "4"]),
        share=shares,
    )


def contracts() -> st.SearchStrategy[Contract]:
    return st.builds(
        lambda account, since, length, value: (account, FIRST + timedelta(days=since), length, value),
        account=st.sampled_from(["A", "A1", "B"]),
        since=st.integers(0, 1000),
        length=st.integers(1, 800),
        value=amounts(0),
    )


def chained(drawn: list[tuple[str, date, int, Decimal]]) -> tuple[Contract, ...]:
    """Return contracts of which each second one renews the one before it."""
    return tuple(
        Contract(
            f"C{number}", account, since, since + timedelta(days=length), value, "EUR",
            renews=f"C{number - 1}" if number % 2 else None,
        )
        for number, (account, since, length, value) in enumerate(drawn)
    )  # fmt: skip


def ingredients(facts: Facts, subject: Subject, codes: list[str], window: Window = YEAR) -> Ingredients:
    wanted = [name for code in codes for name in LIBRARY[code].ingredients]
    return ingredients_from_facts(
        facts=facts, subject=subject, window=window, wanted=wanted, currency="EUR", rates=RATES
    )


def results(facts: Facts, subject: Subject, codes: list[str]) -> list[MetricResult]:
    found = ingredients(facts, subject, codes)
    return [metric_result(rule=LIBRARY[code], ingredients=found) for code in codes]


def of_sales(lines: tuple[Sale, ...]) -> Facts:
    return Facts(nodes=TREE, products=PRODUCTS, sales=lines, segment_kinds=KINDS)


class TestLawsOfMetrics:
    @given(lines=st.lists(sales(), max_size=12), data=st.data())
    def test_the_order_of_facts_changes_no_digit(self, lines, data):
        shuffled = data.draw(st.permutations(lines))

        for subject in (
            Subject.account("A"),
            Subject.of_person("E1"),
            Subject.segment("S2"),
            Subject.company(),
        ):
            one = results(of_sales(tuple(lines)), subject, FROM_SALES)
            other = results(of_sales(tuple(shuffled)), subject, FROM_SALES)
            assert one == other

    @given(lines=st.lists(sales(), max_size=12), cut=st.integers(1, 364))
    def test_revenue_adds_up_over_windows_people_accounts_and_segments(self, lines, cut):
        facts = of_sales(
            (*lines, Sale(YEAR.since, "B", Decimal(1), "EUR"), Sale(YEAR.last, "B", Decimal(1), "EUR"))
        )
        middle = YEAR.since + timedelta(days=cut)

        def revenue(subject: Subject, window: Window = YEAR) -> Decimal:
            return ingredients(facts, subject, ["M01"], window).values["revenue"]

        whole = revenue(Subject.company())
        halves = [
            revenue(Subject.company(), Window(*ends)) for ends in ((YEAR.since, middle), (middle, YEAR.until))
        ]
        assert abs(sum(halves) - whole) < Decimal("1e-20")
        assert abs(revenue(Subject.account("A")) + revenue(Subject.account("B")) - whole) < Decimal("1e-20")
        assert abs(sum(revenue(Subject.of_person(code)) for code in PEOPLE) + 2 - whole) < Decimal("1e-20")
        in_segments = sum(revenue(Subject.segment(code)) for code in ("S1", "S2"))
        without = [line for line in facts.sales if line.product is None and line.on in YEAR]
        rest = revenue_of(without)
        assert abs(in_segments + rest - whole) < Decimal("1e-20")

    @given(lines=st.lists(sales(), max_size=12), more=st.lists(sales(), max_size=4))
    def test_what_others_sell_changes_nothing_but_what_is_known(self, lines, more):
        everyone = (Sale(FIRST + timedelta(days=d), "B", Decimal(1), "EUR") for d in range(0, 1095, 30))
        known = (*lines, *everyone)
        others = tuple(line for line in more if line.account == "B")

        one = results(of_sales(known), Subject.account("A"), FROM_SALES)
        other = results(of_sales((*known, *others)), Subject.account("A"), FROM_SALES)

        assert one == other

    @given(drawn=st.lists(contracts(), min_size=1, max_size=8))
    def test_gross_retention_lies_between_nothing_and_all_and_renewal_too(self, drawn):
        facts = Facts(nodes=TREE, contracts=chained(drawn))

        for result in results(facts, Subject.account("A"), ["M13", "M19"]):
            assert result.value is None or 0 <= result.value <= 1

    @given(drawn=st.lists(contracts(), min_size=1, max_size=8))
    def test_opening_and_its_changes_are_what_is_in_force_at_the_end(self, drawn):
        facts = Facts(nodes=TREE, contracts=chained(drawn))

        found = ingredients(facts, Subject.company(), ["M19.net"]).values

        closing = sum(c.value for c in facts.contracts if c.since <= YEAR.last < c.until)
        assert closing == (
            found["contract_opening"]
            + found["contract_expansion"]
            - found["contract_contraction"]
            - found["contract_churned"]
        )

    @given(lines=st.lists(sales(), max_size=8), drawn=st.lists(contracts(), max_size=4))
    def test_every_ingredient_is_known_or_absent_with_a_reason(self, lines, drawn):
        facts = Facts(
            nodes=TREE, products=PRODUCTS, sales=tuple(lines), contracts=chained(drawn), segment_kinds=KINDS
        )

        found = ingredients_from_facts(
            facts=facts,
            subject=Subject.account("A"),
            window=YEAR,
            wanted=INGREDIENTS,
            currency="EUR",
            rates=RATES,
        )

        assert set(found.values) | set(found.absent) == set(INGREDIENTS)
        assert not set(found.values) & set(found.absent)
        assert all(found.absent.values())
        assert all(type(value) is Decimal for value in found.values.values())


def revenue_of(lines: list[Sale]) -> Decimal:
    per_euro = {"EUR": Decimal(1), "USD": Decimal("1.07"), "JPY": 1 / Decimal("0.0062")}
    return sum((line.revenue / per_euro[line.currency] for line in lines), Decimal(0))
