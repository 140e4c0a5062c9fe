"""
Governance: exceptions, acceptance, lateness, evidence, second persons, and the terms a plan needs.

Rules L62 to L71. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.changes import put
from plans.checks.facts import Stage, VersionFacts
from plans.checks.picture import Look
from plans.checks.places import is_in
from plans.checks.rule import DESIGNERS, NOBODY, RUN, Finding, Limit, Severity, Unit, Waiver, known, rule
from plans.engine.conventions import ProrationOf

ZERO = Decimal(0)
TOPICS = (
    Word("joiner"),
    Word("leaver"),
    Word("leave"),
    Word("transfer"),
    Word("dispute"),
    Word("clawback"),
    Word("change"),
)
SIGNED_FIRST = ("US-CA", "US-NY")
DAYS_A_WEEK = 7


def _version(look: Look) -> VersionFacts:
    return known(look.facts.version, "the version's history")


def _published_on(look: Look) -> date:
    """Return the day the version was published, or would be: the day of the look."""
    return _version(look).published_on or look.on


@rule(
    "L62",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles: do not manage pay by exceptions (area 11); governance writers on repeated ones; the "
    "figures are "
    "judgements.",
    advice="Change the plan instead.",
    limits={
        "lines": Limit(Decimal("0.05"), Unit.RATIO, "the largest share of lines"),
        "money": Limit(Decimal("0.02"), Unit.RATIO, "the largest share of money"),
        "repeats": Limit(Decimal(3), Unit.COUNT, "exceptions of one kind that make a rule"),
    },
    moments=RUN,
)
def too_many_exceptions(look: Look) -> Iterator[Finding]:
    """{value} of {what} are exceptions, more than {limit}."""
    run = known(look.facts.run, "a run")
    exceptions = known(run.exceptions, "the exceptions of the period")
    lines, paid = known(run.lines, "the lines of the run"), known(run.paid, "what was paid")
    money = sum((abs(one.amount or ZERO) for one in exceptions), ZERO)
    for what, share, limit in (
        (Word("the lines"), Decimal(len(exceptions)) / lines if lines else ZERO, look.limit("lines")),
        (Word("the money"), money / paid if paid else ZERO, look.limit("money")),
    ):
        if share > limit:
            yield look.found(value=share, limit=limit, about=what, what=what)
    kinds: dict[str, int] = {}
    for one in exceptions:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    for kind, times in sorted(kinds.items()):
        if kind and times >= look.limit("repeats"):
            share = Decimal(times) / len(exceptions)
            yield look.found(
                value=share,
                limit=look.limit("lines"),
                about=kind,
                what=Sentence("exceptions (%(kind)s)", kind=kind),
            )


@rule(
    "L63",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="Governance writers' list of what an exception says.",
    advice="Fill it in.",
    waived_by=NOBODY,
    moments=RUN,
)
def exception_incomplete(look: Look) -> Iterator[Finding]:
    """Exception {about} cannot be paid: it says no {value}."""
    for one in known(known(look.facts.run, "a run").exceptions, "the exceptions of the period"):
        said = {
            Word("type"): one.kind, Word("reason"): one.reason, Word("amount"): one.amount,
            Word("approver"): one.approver, Word("expiry"): one.expires_on,
        }  # fmt: skip
        missing = [name for name, value in said.items() if value in ("", None)]
        if missing:
            yield look.found(value=Listing(missing), about=one.code)


@rule(
    "L64",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="California and New York law, and rollout schedules.",
    advice="Send it for signature.",
    waived_by=(Waiver.HR_LEGAL,),
    timely=True,
    moments=RUN,
)
def paid_before_acceptance(look: Look) -> Iterator[Finding]:
    """{value} has not signed the version that pays them."""
    unknown = False
    for person in look.people():
        if not person.on_plan:
            continue
        unknown |= person.signed is None
        if person.signed is False:
            first = any(is_in(person.place, place) for place in SIGNED_FIRST)
            severity = Severity.BLOCKS if first else Severity.TO_LOOK_AT
            yield look.found(value=person.person, about=person.person, severity=severity)
    known(None if unknown else True, "who has signed the version")


@rule(
    "L65",
    Severity.TO_LOOK_AT,
    unit=Unit.DAYS,
    source="European case law on late targets (E12, E14, E25, E28); a roadmap: details in two weeks, goals "
    "by month two.",
    advice="Move the start, or guarantee the first period.",
    limits={"days": Limit(Decimal(0), Unit.DAYS, "days after its start that a version may be published")},
    timely=True,
)
def published_late(look: Look) -> Iterator[Finding]:
    """Targets are given {value} days after the plan starts."""
    days = (_published_on(look) - look.plan.effective.since).days
    if days > look.limit("days"):
        yield look.found(value=days, limit=int(look.limit("days")), at="/effective/from")


@rule(
    "L66",
    Severity.BLOCKS,
    unit=Unit.DAYS,
    source="Plan governance writers: a change looks forward.",
    advice="Let it begin after the last paid period.",
    waived_by=(Waiver.HR_LEGAL,),
)
def retroactive_change(look: Look) -> Iterator[Finding]:
    """It begins {value} days before the last paid day: this rewrites paid periods."""
    version = _version(look)
    since, paid_until = look.plan.effective.since, version.paid_until
    if paid_until is not None and since <= paid_until and look.facts.stage is not Stage.HISTORY:
        yield look.found(value=(paid_until - since).days + 1, at="/effective/from")


@rule(
    "L67",
    Severity.INFORMATION,
    unit=Unit.WEEKS,
    source="Articles: spend the time upfront (area 9); a schedule of eight to ten weeks.",
    advice="Prolong the old plan for a while.",
    limits={"weeks": Limit(Decimal(8), Unit.WEEKS, "weeks between the design's lock and its start")},
    timely=True,
)
def design_frozen_late(look: Look) -> Iterator[Finding]:
    """Only {value} weeks are left between the design's lock and its start ({limit} are usual)."""
    frozen = _version(look).frozen_on or look.on
    weeks = max((look.plan.effective.since - frozen).days, 0) // DAYS_A_WEEK
    if weeks < look.limit("weeks"):
        yield look.found(value=weeks, limit=int(look.limit("weeks")))


@rule(
    "L68",
    Severity.BLOCKS,
    unit=Unit.COUNT,
    source="Articles: design the right programme before it pays (area 9).",
    advice="Replay the last closed periods; a first plan without history is simulated, and a scenario kept, instead.",
    limits={"periods": Limit(Decimal(1), Unit.COUNT, "full prior periods replayed")},
    timely=True,
    waived_by=(Waiver.FINANCE, Waiver.EXECUTIVE),
)
def no_replay_of_history(look: Look) -> Iterator[Finding]:
    """Nobody knows what this plan would have paid: {value} {what} ({limit} asked)."""
    evidence = known(look.facts.evidence, "stored replays and simulations")
    if evidence.closed_periods == 0 and not evidence.replayed_periods:
        known(look.picture.leaves or None, "a past to replay, or goals whose results could be drawn")
        scenarios = known(evidence.scenarios, "stored simulations, of a first plan without history")
        if not scenarios:
            yield look.found(value=0, limit=1, what=Word("scenarios simulated, and no past to replay"))
        return
    replayed = known(evidence.replayed_periods, "stored replays")
    if replayed < look.limit("periods"):
        yield look.found(
            value=replayed, limit=int(look.limit("periods")), what=Word("closed periods replayed")
        )


@rule(
    "L69",
    Severity.BLOCKS,
    unit=Unit.COUNT,
    source="Articles: local law in global programmes (area 12).",
    advice="Go through the list.",
    waived_by=(Waiver.HR_LEGAL,),
)
def local_law_open(look: Look) -> Iterator[Finding]:
    """{value} points of local law that block are open: {rules}."""
    open_points = [
        finding.rule
        for finding in look.local
        if finding.severity is Severity.BLOCKS and finding.message not in look.facts.waived
    ]
    if open_points:
        yield look.found(value=len(open_points), rules=Listing(dict.fromkeys(open_points)))


@rule(
    "L70",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="Separation of duties.",
    advice="Have a second person approve it.",
    waived_by=NOBODY,
)
def maker_is_checker(look: Look) -> Iterator[Finding]:
    """{value} prepared the version and approved it; a second person approves."""
    version = _version(look)
    if version.approved_by and version.approved_by == version.prepared_by:
        yield look.found(value=version.approved_by)


@rule(
    "L71",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="A survey: one company in four faces a legal challenge a year; books on sales pay list what a "
    "plan says.",
    advice="Put the missing terms in.",
    waived_by=(*DESIGNERS, Waiver.HR_LEGAL),
)
def terms_missing(look: Look) -> Iterator[Finding]:
    """The plan is silent on {value}."""
    said = set(look.facts.version.topics or ()) if look.facts.version else set()
    if look.plan.payment.clawback is not None:
        said.add("clawback")
    if ProrationOf.INCENTIVE in look.plan.proration.of:
        said |= {"joiner", "transfer", "leave"}
    texts_known = look.facts.version is not None and look.facts.version.topics is not None
    for topic in TOPICS:
        if topic in said or not (texts_known or topic == "clawback"):
            continue
        fix = None
        if topic == "clawback":
            terms = {"months": 12, "per_payout_at_most": "0.25"}
            fix = put(
                "Recover for a year, a quarter of a payout at most", at="/payment/clawback", value=terms
            )
        yield look.found(value=topic, about=topic, at="/payment" if fix else "", fix=fix)
    known(True if texts_known else None, "the plan's texts on leaver, dispute and change")
