"""
The whole team: who is paid on what, who is left out, and whether the account is one unit.

Rules L19 to L21, L42 to L46 and L54 to L57. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.changes import put
from plans.checks.facts import AccountFacts, MemberFacts, Stage
from plans.checks.picture import Gathered, Look, team_share
from plans.checks.rule import DESIGNERS, NOBODY, Finding, Limit, Severity, Unit, Waiver, rule
from plans.engine.conventions import CreditBase, PlanType
from plans.engine.plan import Commission

ZERO = Decimal(0)
REVENUE = ("M01", "M02", "M10", "M11", "M13", "M19")
PROFIT = ("M03", "M04", "M05", "M18")
CONFLICTS = (
    (Word("revenue growth"), ("M01", "M02", "M11"), Word("margin"), ("M03", "M18")),
    (Word("volume"), ("M01", "M10", "M22"), Word("inventory"), ("M25",)),
    (Word("price"), ("M17",), Word("renewal"), ("M13", "M19")),
    (Word("customer satisfaction"), ("M06",), Word("cost to serve"), ("M04", "M05")),
)
"""Two results that pull apart when different roles are paid on them: a name and its metrics, twice."""

POOL_DEFAULT = {
    "funding": {"rule": "targets_times_result"},
    "bounds": ["0.50", "1.50"],
    "reason_beyond": "0.20",
}


def _is(metric: str, codes: tuple[str, ...]) -> bool:
    return metric.partition(".")[0] in codes


def _share_of(measures: Mapping[str, Decimal], codes: tuple[str, ...]) -> Decimal:
    return sum((weight for metric, weight in measures.items() if _is(metric, codes)), ZERO)


def _measured(account: AccountFacts, asked: Gathered) -> list[MemberFacts]:
    """Return the members whose measures are known."""
    members = asked.ask(account.members, "the team of %(account)s", account=account.code) or ()
    return [
        member
        for member in members
        if asked.ask(member.measures, "what %(person)s is paid on", person=member.person) is not None
    ]


@rule(
    "L19",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Articles on growth and profit as goals of one programme (area 7).",
    advice="Add a measure, a matrix, or a gate on margin.",
)
def revenue_without_profit(look: Look) -> Iterator[Finding]:
    """The plan pays {paid} and never looks at {value}: the one is easily bought with the other."""
    read = {metric for placed in look.picture.leaves for metric in placed.metrics}
    read |= {branch.gate.metric for _, branch in look.picture.branches if branch.gate}
    read |= {placed.leaf.gate.metric for placed in look.picture.leaves if placed.leaf.gate}
    for account in look.facts.accounts or ():
        for member in account.members or ():
            read |= set(member.measures or {})
    bases = {leaf.base for _, leaf in look.picture.money_leaves if isinstance(leaf, Commission)}
    revenue = any(_is(metric, REVENUE) for metric in read) or bool(bases - {CreditBase.MARGIN})
    profit = any(_is(metric, PROFIT) for metric in read) or CreditBase.MARGIN in bases
    if revenue == profit:
        return
    fix = None
    if revenue and look.plan.incentive.gate is None and look.plan.incentive.children:
        gate = {"metric": "M18", "reads": "value", "at_least": "0", "otherwise": {"limit": "1.00"}}
        fix = put("Pay above target only while the margin holds", at="/incentive/gate", value=gate)
    missing = Word("profit") if revenue else Word("revenue")
    yield look.found(
        value=missing, at="/incentive", paid=Word("revenue") if revenue else Word("profit"), fix=fix
    )


@rule(
    "L20",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Article on aligning everybody who serves an account: sales on revenue against operations on "
    "margin; the "
    "figures are judgements.",
    advice="Add a shared measure of the account, or a matrix of both.",
    limits={
        "shared": Limit(Decimal("0.20"), Unit.RATIO, "the shared measure that settles it"),
        "blocks": Limit(Decimal("0.50"), Unit.RATIO, "the weight above which, on both sides, it blocks"),
    },
)
def conflicting_measures_between_roles(look: Look) -> Iterator[Finding]:
    """
    In {account}, {first} is paid on {one} and {second} on {other}, and they share {value}: they pull
    apart.
    """
    asked = Gathered()
    for account in look.accounts():
        by_role = {member.role: member.measures or {} for member in _measured(account, asked)}
        for (first, mine), (second, theirs) in combinations(sorted(by_role.items()), 2):
            yield from _conflict(look, account, (first, mine), (second, theirs))
    asked.say()


RoleMeasures = tuple[str, Mapping[str, Decimal]]


def _conflict(look: Look, account: AccountFacts, one: RoleMeasures, other: RoleMeasures) -> Iterator[Finding]:
    shared = sum(
        (min(weight, other[1][metric]) for metric, weight in one[1].items() if metric in other[1]), ZERO
    )
    if shared >= look.limit("shared"):
        return
    for left, left_codes, right, right_codes in CONFLICTS:
        for (first, mine), (second, theirs) in ((one, other), (other, one)):
            pulls, against = _share_of(mine, left_codes), _share_of(theirs, right_codes)
            if not pulls or not against or _share_of(mine, right_codes) or _share_of(theirs, left_codes):
                continue
            both = min(pulls, against) > look.limit("blocks")
            yield look.found(
                value=shared, limit=look.limit("shared"), account=account.code,
                about=Sentence("%(one)s and %(other)s", one=first, other=second),
                first=first, one=left, second=second, other=right,
                severity=Severity.BLOCKS if both else Severity.TO_LOOK_AT,
            )  # fmt: skip


@rule(
    "L21",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles on team incentives (area 4); the share is a judgement.",
    advice="Add a result of the team.",
    limits={"least": Limit(Decimal("0.80"), Unit.RATIO, "the least share of members that one measure pays")},
)
def no_shared_team_measure(look: Look) -> Iterator[Finding]:
    """The measure that most members of {about} share reaches {value} of them, less than {limit}."""
    asked = Gathered()
    for account in look.accounts():
        members = _measured(account, asked)
        if len(members) < 2:
            continue
        counts: dict[str, int] = {}
        for member in members:
            for metric in member.measures or {}:
                counts[metric] = counts.get(metric, 0) + 1
        share = Decimal(max(counts.values(), default=0)) / len(members)
        if share < look.limit("least"):
            yield look.found(value=share, limit=look.limit("least"), about=account.code)
    asked.say()


@rule(
    "L42",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Articles on everybody who supports the account.",
    advice="Add them to the pool, or note that they opted out.",
    waived_by=(*DESIGNERS, Waiver.HR_LEGAL),
)
def supporter_uncovered(look: Look) -> Iterator[Finding]:
    """{value} people serve {about} and are in no plan and no pool: {names}."""
    asked = Gathered()
    for account in look.accounts():
        left_out = []
        for member in asked.ask(account.members, "the team of %(account)s", account=account.code) or ():
            on_plan = asked.ask(member.on_plan, "whether %(person)s is on a plan", person=member.person)
            in_pool = member.pool_eligible and look.plan.pool is not None
            if on_plan is False and not in_pool and not member.opt_out:
                left_out.append(member.person)
        if left_out:
            publishing = look.facts.stage is Stage.PUBLISHING
            yield look.found(
                value=len(left_out), about=account.code, names=Listing(left_out[:8]),
                severity=Severity.BLOCKS if publishing else Severity.TO_LOOK_AT,
            )  # fmt: skip
    asked.say()


@rule(
    "L43",
    Severity.INFORMATION,
    unit=Unit.TEXT,
    source="Articles that list the roles of a key account team.",
    advice="Assign somebody, or note why not.",
)
def expected_role_missing(look: Look) -> Iterator[Finding]:
    """Nobody on the team of {about} is {value}."""
    asked = Gathered()
    for account in look.accounts():
        roles = {
            member.role
            for member in asked.ask(account.members, "the team of %(account)s", account=account.code) or ()
        }
        for role in (
            asked.ask(account.expected_roles, "the roles expected of %(account)s", account=account.code) or ()
        ):
            if account.members is not None and role not in roles:
                yield look.found(value=role, about=account.code)
    asked.say()


@rule(
    "L44",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Articles: a customer, not a map (area 2).",
    advice="Name the account or site.",
)
def geographic_only_member(look: Look) -> Iterator[Finding]:
    """{value} is on the plan without a customer; everybody should know whom they support."""
    for person in look.people():
        if person.on_plan and not person.account:
            yield look.found(value=person.person, about=person.person)


@rule(
    "L45",
    Severity.BLOCKS,
    unit=Unit.RATIO,
    source="A law of memberships.",
    advice="Change the days or the dedication.",
    limits={"most": Limit(Decimal(1), Unit.RATIO, "the most that all dedications of a day sum to")},
    waived_by=NOBODY,
)
def dedication_above_whole(look: Look) -> Iterator[Finding]:
    """{about} is dedicated {value} over all accounts, more than {limit}."""
    said: set[str] = set()
    for _, member in look.members():
        whole = member.dedication if member.whole_dedication is None else member.whole_dedication
        if whole > look.limit("most") and member.person not in said:
            said.add(member.person)
            yield look.found(value=whole, limit=look.limit("most"), about=member.person)


@rule(
    "L46",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Articles: the key account manager has a say in the team's pay (area 5).",
    advice="Give the plan a pool.",
)
def manager_cannot_steer_team_pay(look: Look) -> Iterator[Finding]:
    """
    {value} members of {about} could share in a pool, and the plan has none: the manager has no say in
    team pay.
    """
    if look.plan.pool is not None:
        return
    asked = Gathered()
    for account in look.accounts():
        team = asked.ask(account.members, "the team of %(account)s", account=account.code) or ()
        eligible = [one for one in team if one.pool_eligible]
        if eligible:
            fix = put("Give the plan a pool", at="/pool", value=POOL_DEFAULT)
            yield look.found(value=len(eligible), about=account.code, at="/pool", fix=fix)
    asked.say()


@rule(
    "L54",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Article: contributors who work in silos.",
    advice="Add a measure they share.",
)
def silo(look: Look) -> Iterator[Finding]:
    """The members of {about} report to {value} leaders ({leaders}) and share no measure across them."""
    asked = Gathered()
    for account in look.accounts():
        under: dict[str, set[str]] = {}
        for member in _measured(account, asked):
            if member.leader:
                under.setdefault(member.leader, set()).update(member.measures or {})
        if len(under) >= 2 and not set.intersection(*under.values()):
            yield look.found(value=len(under), about=account.code, leaders=Listing(sorted(under)))
    asked.say()


@rule(
    "L55",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article: its own profit and loss, and a designated team.",
    advice="Keep a P&L for it, and designate a team.",
)
def not_a_true_strategic_account(look: Look) -> Iterator[Finding]:
    """{about} has no {value}: it cannot be measured as a unit."""
    asked = Gathered()
    for account in look.accounts():
        if asked.ask(account.has_pnl, "whether %(account)s has a P&L", account=account.code) is False:
            yield look.found(value=Word("profit and loss of its own"), about=account.code)
        if asked.ask(account.members, "the team of %(account)s", account=account.code) == ():
            yield look.found(value=Word("designated team"), about=account.code)
    asked.say()


@rule(
    "L56",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article on the types of plans for account teams.",
    advice="Take the adviser's proposal.",
    limits={"team": Limit(Decimal(3), Unit.COUNT, "the fewest members of a team plan")},
)
def plan_type_misfit(look: Look) -> Iterator[Finding]:
    """A {kind} plan does not fit: {value}."""
    plan = look.plan
    kind = Word(str(plan.type).replace("_", " "))
    if plan.type is PlanType.RENEWAL and plan.strategy == "grow":
        yield look.found(value=Word("the strategy is to grow"), at="/type", kind=kind)
    if plan.type is PlanType.PORTFOLIO:
        nodes = [branch for _, branch in look.picture.branches] + [one.leaf for one in look.picture.leaves]
        if not any(node.segment for node in nodes):
            yield look.found(value=Word("no part of it reads a segment"), at="/type", kind=kind)
    if plan.type is PlanType.TEAM_PERFORMANCE:
        asked = Gathered()
        for account in look.accounts():
            team = asked.ask(account.members, "the team of %(account)s", account=account.code)
            if team is not None and len(team) < look.limit("team"):
                value = Sentence(
                    "the team of %(account)s has %(team)s members", account=account.code, team=len(team)
                )
                yield look.found(value=value, about=account.code, at="/type", kind=kind)
        asked.say()


@rule(
    "L57",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="A review of a 2014 study: team pay worked as a minority part in small teams; the founding "
    "articles still "
    "recommend team plans for large teams. The size is a judgement.",
    advice="Add an individual part.",
    limits={
        "share": Limit(Decimal("0.50"), Unit.RATIO, "the team's weight from which it is said"),
        "members": Limit(Decimal(10), Unit.COUNT, "the team size above which it is said"),
    },
)
def team_part_heavy_in_large_team(look: Look) -> Iterator[Finding]:
    """{value} rests on the team's result in {about}, a team of {members}: research warns of free riding."""
    share = team_share(look.picture)
    if share < look.limit("share"):
        return
    asked = Gathered()
    for account in look.accounts():
        team = asked.ask(account.members, "the team of %(account)s", account=account.code) or ()
        if len(team) > look.limit("members"):
            yield look.found(value=share, limit=look.limit("share"), about=account.code, members=len(team))
    asked.say()
