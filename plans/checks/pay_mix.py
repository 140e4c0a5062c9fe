"""
Pay mix and level: how much is at risk, for whom, and whether pay follows what people can move.

Rules L01 to L08. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.changes import put
from plans.checks.picture import Gathered, Look, points_of, top_ratio
from plans.checks.ranks import rank_correlation
from plans.checks.rule import DESIGNERS, Finding, Limit, Severity, Unit, Waiver, known, rule, shown
from plans.engine.conventions import PlanType
from plans.engine.plan import Goal

ONE = Decimal(1)
PAY = (Waiver.HR_LEGAL, Waiver.EXECUTIVE)


def _ratio(figure: str, bounds: str) -> Limit:
    return Limit(Decimal(figure), Unit.RATIO, bounds)


def _base_share(look: Look) -> Decimal:
    """Return the share of base in target pay that the plan states."""
    return known(look.plan.pay.base_share, "the share of base pay (pay.base_share)")


@rule(
    "L01",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Practitioner articles on key account pay (area 1) and a yearly study of strategic account "
    "managers: "
    "75 to 85 % base.",
    advice="Move pay between base and incentive, or record a reason.",
    limits={
        "least": _ratio("0.75", "the least share of base"),
        "most": _ratio("0.85", "the largest share of base"),
    },
)
def base_share_outside_band(look: Look) -> Iterator[Finding]:
    """Base is {value} of target pay; plans of key account managers usually stand at {least} to {most}."""
    share, least, most = _base_share(look), look.limit("least", "kam"), look.limit("most", "kam")
    if least <= share <= most:
        return
    nearest = least if share < least else most
    yield look.found(
        value=share,
        limit=nearest,
        at="/pay/base_share",
        least=shown(least, Unit.RATIO),
        most=shown(most, Unit.RATIO),
        fix=put(
            Sentence("State base as %(nearest)s of target pay", nearest=shown(nearest, Unit.RATIO)),
            at="/pay/base_share",
            value=str(nearest),
        ),
    )


@rule(
    "L02",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Consultants' papers name near-total salary as an error; the figure is a judgement.",
    advice="Raise the target incentive, or drop the plan and use a pool.",
    limits={"least": _ratio("0.10", "the least variable share")},
)
def almost_pure_salary(look: Look) -> Iterator[Finding]:
    """Only {value} of target pay is at risk, less than {limit}: the plan cannot steer what people do."""
    variable = ONE - _base_share(look)
    if variable < look.limit("least"):
        fix = put("State base as 85 % of target pay", at="/pay/base_share", value="0.85")
        yield look.found(value=variable, limit=look.limit("least"), at="/pay/base_share", fix=fix)


@rule(
    "L03",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="Consultants: a sales plan is for those who meet and persuade customers; the figure is a judgement.",
    advice="Take the person off the plan and into the pool.",
    limits={"most": _ratio("0.15", "the largest variable share of a matrix role")},
)
def matrix_role_with_high_variable(look: Look) -> Iterator[Finding]:
    """{about} has {value} of pay at risk in a role that persuades no customer; a share of the pool is usual."""
    asked = Gathered()
    for person in look.people():
        if person.link != "matrix" or not person.on_plan:
            continue
        base, variable = (
            asked.ask(part, "the pay of %(person)s", person=person.person)
            for part in (person.base, person.variable)
        )
        if base is None or variable is None or not base + variable:
            continue
        share = variable / (base + variable)
        if share > look.limit("most"):
            yield look.found(value=share, limit=look.limit("most"), about=person.person)
    asked.say()


@rule(
    "L04",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Article on account managers' plans given to key account managers.",
    advice="Go through the elements: mix, measures, period, curve.",
)
def same_as_account_managers_plan(look: Look) -> Iterator[Finding]:
    """
    All {value} elements ({elements}) are those of the account managers' plan: key accounts have longer cycles and
    fewer opportunities, and people paid like that tend to miss.
    """
    theirs = known(look.picture.account_manager_picture(), "the account managers' plan")
    mine = look.picture
    elements = {
        Word("mix"): (mine.plan.pay.base_share, theirs.plan.pay.base_share),
        Word("measures"): (set(mine.weights), set(theirs.weights)),
        Word("period"): (mine.plan.period, theirs.plan.period),
        Word("curves"): tuple(
            [
                (leaf.measure, points_of(leaf.leaf.curve))
                for leaf in side.leaves
                if isinstance(leaf.leaf, Goal)
            ]
            for side in (mine, theirs)
        ),
    }
    if all(own == other for own, other in elements.values()):
        yield look.found(value=len(elements), elements=Listing(elements))


@rule(
    "L05",
    Severity.TO_LOOK_AT,
    unit=Unit.TIMES,
    source="Article on recruiting, paying and keeping key account managers; the test is a judgement.",
    advice="Level the roles anew.",
    limits={
        "least": Limit(Decimal(0), Unit.TIMES, "the least rank correlation"),
        "people": Limit(Decimal(4), Unit.COUNT, "the fewest key account managers it is asked of"),
    },
    waived_by=PAY,
)
def pay_falls_with_revenue_impact(look: Look) -> Iterator[Finding]:
    """Key account managers with more revenue impact have lower target pay (rank correlation {value})."""
    managers = [person for person in look.people() if person.seat == "kam"]
    if len(managers) < look.limit("people"):
        return
    pairs = [
        (
            known(one.revenue_impact, "each manager's revenue impact"),
            known(one.base, "base") + (one.variable or 0),
        )
        for one in managers
    ]
    correlation = rank_correlation(pairs=pairs)
    if correlation < look.limit("least"):
        yield look.found(value=correlation, limit=look.limit("least"))


@rule(
    "L06",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="The same article: pay that lags the market loses people; the figure is a judgement.",
    advice="Raise target pay, or say what else is offered.",
    limits={"least": _ratio("0.90", "the least compa-ratio")},
    waived_by=PAY,
    for_hr=True,
)
def target_pay_below_market(look: Look) -> Iterator[Finding]:
    """{about} stands at {value} of the market line (limit {limit}); losing people you need becomes likely."""
    asked = Gathered()
    for person in look.people():
        ratio = (
            asked.ask(person.compa_ratio, "market pay for %(person)s", person=person.person)
            if person.on_plan
            else None
        )
        if ratio is not None and ratio < look.limit("least"):
            yield look.found(value=ratio, limit=look.limit("least"), about=person.person)
    asked.say()


@rule(
    "L07",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="The same article: the more current revenue matters, the more cash; the figures are judgements.",
    advice="Shift cash, or the emphasis.",
    limits={
        "long": _ratio("0.50", "from which emphasis on the long run is long"),
        "high": _ratio("0.25", "the variable share that is high"),
        "low": _ratio("0.15", "the variable share that is low"),
    },
)
def cash_against_emphasis(look: Look) -> Iterator[Finding]:
    """
    {about} is run for the {run} run, and {value} of pay is cash at risk: the usual rule goes the other
    way.
    """
    asked, variable = Gathered(), ONE - _base_share(look)
    for account in look.accounts():
        emphasis = asked.ask(account.long_emphasis, "the emphasis of %(account)s", account=account.code)
        if emphasis is None:
            continue
        is_long = emphasis >= look.limit("long")
        bound = look.limit("high") if is_long else look.limit("low")
        if (variable >= bound) if is_long else (variable <= bound):
            run = Word("long") if is_long else Word("short")
            yield look.found(value=variable, limit=bound, about=account.code, at="/pay/base_share", run=run)
    asked.say()


@rule(
    "L08",
    Severity.TO_LOOK_AT,
    unit=Unit.TIMES,
    source="A consultancy's study: the best tenth is paid two to three times target; the lower figure is a "
    "judgement.",
    advice="Change the upper points of the curves, or the cap.",
    limits={
        "most": Limit(Decimal(3), Unit.TIMES, "the most the plan pays, in target incentives"),
        "least": Limit(Decimal("1.3"), Unit.TIMES, "the least its top pays; not asked of renewal plans"),
    },
    waived_by=DESIGNERS,
)
def leverage_out_of_range(look: Look) -> Iterator[Finding]:
    """The best performers would earn {value} times target incentive; {least} to {most} times is usual."""
    if not look.plan.incentive.children:
        return
    top, least, most = top_ratio(look.plan.incentive), look.limit("least"), look.limit("most")
    low = top < least and look.plan.type is not PlanType.RENEWAL
    if top <= most and not low:
        return
    fix = None
    if top > most:
        fix = put(
            Sentence("Cap the plan at %(most)s times target", most=shown(most, Unit.TIMES)),
            at="/incentive/cap",
            value=str(most),
        )
    yield look.found(
        value=top,
        limit=most if top > most else least,
        at="/incentive",
        fix=fix,
        least=shown(least, Unit.TIMES),
        most=shown(most, Unit.TIMES),
    )
