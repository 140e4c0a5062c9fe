"""
The programme over time: whether it moves, whether period ends bulge, and whether it hangs on one person.

Rules L73 to L77 and L79. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from kamcomp.sentences import Sentence, Word
from plans.checks.facts import ReviewFacts
from plans.checks.picture import Gathered, Look
from plans.checks.ranks import rank_correlation
from plans.checks.rule import REVIEW, RUN, Finding, Limit, Severity, Unit, Waiver, known, rule, shown

PEOPLE = (Waiver.HR_LEGAL,)
REVIEWS = (6, 12, 24)
WALLET = ("M07", "M08")


def _months_before(day: date, months: Decimal) -> date:
    """Return the day so many months back, a month taken as its twelfth of 365 days."""
    return day - timedelta(days=int(months * 365 / 12))


def has_not_moved(*, review: ReviewFacts) -> bool:
    """Tell whether neither revenue, profit nor satisfaction was better at a review after 6, 12 or 24 months."""
    return review.months in REVIEWS and max(review.revenue, review.profit, review.satisfaction) <= 0


@rule(
    "L73",
    Severity.TO_LOOK_AT,
    unit=Unit.MONTHS,
    source="Article on programmes where months pass and nothing changes.",
    advice="Go through the alignment of roles and measures.",
    moments=REVIEW,
)
def programme_not_moving(look: Look) -> Iterator[Finding]:
    """{value} months into the programme neither revenue, profit nor satisfaction of {about} has improved."""
    asked = Gathered()
    for account in look.accounts():
        for review in asked.ask(account.reviews, "the reviews of %(account)s", account=account.code) or ():
            if has_not_moved(review=review):
                yield look.found(value=review.months, about=account.code)
    asked.say()


@rule(
    "L74",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Article on sales pushed over a period's end; the figures are judgements.",
    advice="Defer a part, or wait for returns.",
    limits={
        "bulge": Limit(Decimal("1.50"), Unit.RATIO, "the last month over the period's mean"),
        "reversed": Limit(Decimal("0.20"), Unit.RATIO, "the share reversed in the next period"),
    },
    moments=RUN,
)
def spike_at_period_end(look: Look) -> Iterator[Finding]:
    """The last month of {period} stands at {value} of its mean for {about}, and {back} was reversed after."""
    asked = Gathered()
    for account in look.accounts():
        for bulge in asked.ask(account.bulges, "the months of %(account)s", account=account.code) or ():
            if bulge.last_over_mean > look.limit("bulge") and bulge.reversed_next >= look.limit("reversed"):
                yield look.found(
                    value=bulge.last_over_mean, limit=look.limit("bulge"), about=account.code, period=bulge.period,
                    back=shown(bulge.reversed_next, Unit.RATIO),
                )  # fmt: skip
    asked.say()


@rule(
    "L75",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Article on value that leaves with a person; the figure is a judgement.",
    advice="Name a successor, a mentor, and look at pay. For HR only.",
    limits={"compa": Limit(Decimal("0.95"), Unit.RATIO, "the compa-ratio below which it is said")},
    waived_by=PEOPLE,
    for_hr=True,
)
def relationship_at_risk(look: Look) -> Iterator[Finding]:
    """If {about} leaves, the relationship may go too: sole contact, no successor, and {value} of market pay."""
    asked = Gathered()
    for person in look.people():
        if person.seat != "kam":
            continue
        parts = (person.sole_contact, person.successor, person.compa_ratio)
        if None in parts:
            asked.ask(None, "contacts, successor and market pay of %(person)s", person=person.person)
        elif person.sole_contact and not person.successor and (person.compa_ratio or 0) < look.limit("compa"):
            yield look.found(
                value=person.compa_ratio or Decimal(0), limit=look.limit("compa"), about=person.person
            )
    asked.say()


@rule(
    "L76",
    Severity.INFORMATION,
    unit=Unit.TEXT,
    source="Article on promotions and rewards that are not money.",
    advice="Recognise somebody.",
    limits={"months": Limit(Decimal(12), Unit.MONTHS, "months without any")},
    waived_by=PEOPLE,
    for_hr=True,
)
def only_money_is_used(look: Look) -> Iterator[Finding]:
    """{value} has had no reward but money in the last months."""
    asked = Gathered()
    for person in look.people():
        if not person.reward_known:
            asked.ask(None, "rewards other than money")
        elif person.rewarded_on is None or person.rewarded_on < _months_before(look.on, look.limit("months")):
            yield look.found(value=person.person, about=person.person)
    asked.say()


@rule(
    "L77",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="A judgement about estimates that pay.",
    advice="Attach where the estimate is from.",
    limits={"months": Limit(Decimal(12), Unit.MONTHS, "the age of an estimate")},
)
def wallet_without_evidence(look: Look) -> Iterator[Finding]:
    """The plan pays on the share of wallet of {about}, whose estimate {value}."""
    metrics = {metric.partition(".")[0] for placed in look.picture.leaves for metric in placed.metrics}
    if metrics.isdisjoint(WALLET):
        return
    asked = Gathered()
    for account in look.accounts():
        wallet = asked.ask(account.wallet, "the wallet estimate of %(account)s", account=account.code)
        if wallet is None:
            continue
        if not wallet.source:
            yield look.found(value=Word("has no source"), about=account.code)
        elif wallet.as_of < _months_before(look.on, look.limit("months")):
            yield look.found(value=Sentence("is of %(as_of)s", as_of=wallet.as_of), about=account.code)
    asked.say()


@rule(
    "L79",
    Severity.INFORMATION,
    unit=Unit.TIMES,
    source="A judgement: pay and the growth it was meant for rise together.",
    advice="Design it anew.",
    limits={
        "least": Limit(Decimal("0.3"), Unit.TIMES, "the least rank correlation"),
        "people": Limit(Decimal(4), Unit.COUNT, "the fewest payees it is asked of"),
    },
    moments=RUN,
)
def pay_does_not_follow_performance(look: Look) -> Iterator[Finding]:
    """Pay and growth of the accounts hardly rise together (rank correlation {value}, at least {limit})."""
    outcomes = known(known(look.facts.run, "a run").outcomes, "payouts beside growth")
    if len(outcomes) < look.limit("people"):
        return
    correlation = rank_correlation(pairs=[(one.payout_ratio, one.growth) for one in outcomes])
    if correlation < look.limit("least"):
        yield look.found(value=correlation, limit=look.limit("least"))
