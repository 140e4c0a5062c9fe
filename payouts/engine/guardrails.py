"""
What a proposed allocation of a pool may not do, gathered as findings.

Nothing here throws: the allocation screen shows every finding at once, and the service
that submits refuses while one of them blocks. The rules are written down in
docs/reference/formulas.md, "Pool allocation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from kamcomp.sentences import Numeral, Sentence, Word
from payouts.engine.allocation import AllocationRule, Member, matrix_keys, matrix_least
from payouts.engine.filling import Limits

ZERO = Decimal(0)
BLOCK, WARN = "block", "warn"
LOPSIDED_SHARE = Decimal("0.50")
LOPSIDED_FROM_MEMBERS = 4


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    One thing a check found: which rule, about whom, the value, the limit it met, how grave.

    `subject` is a member's key, or "" for the pool as a whole; `message` is the sentence the KAM reads.
    """

    rule: str
    subject: str
    value: Decimal
    limit: Decimal
    severity: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """
    An allocation somebody proposes for a pool, with all it is judged by.

    `amounts`, `reasons`, `guideline` and `limits` are by member key; amounts in `currency`.
    """

    total: Decimal
    currency: str
    members: Sequence[Member]
    rule: AllocationRule
    guideline: Mapping[str, Decimal]
    limits: Mapping[str, Limits]
    amounts: Mapping[str, Decimal]
    reserve: Decimal = ZERO
    reasons: Mapping[str, str] | None = None
    allocator: str = ""

    def reason(self, key: str) -> str:
        """Return the reason given for a member's amount, "" when there is none."""
        return (self.reasons or {}).get(key, "").strip()


@money.exactly
def guardrails(*, proposal: Proposal) -> tuple[Finding, ...]:
    """
    Return everything that speaks against a proposed allocation, gravest first, then by rule and member.

    A proposal with no blocking finding sums with its reserve to the pool exactly, pays
    whole minor units to members of the pool and to nobody else, stays inside every
    limit, and says why wherever the plan wants to know. Warnings do not stop it.

    Source: docs/reference/formulas.md, "Pool allocation".
    """
    found = [finding for check in CHECKS for finding in check(proposal)]
    return tuple(
        sorted(found, key=lambda finding: (finding.severity != BLOCK, finding.rule, finding.subject))
    )


def blocks(*, findings: Sequence[Finding]) -> bool:
    """Return whether one of the findings stops the allocation."""
    return any(finding.severity == BLOCK for finding in findings)


def allocation_whole(proposal: Proposal) -> Iterator[Finding]:
    """The amounts and the reserve sum to exactly the pool."""
    given = sum(proposal.amounts.values(), ZERO) + proposal.reserve
    left = proposal.total - given
    if left:
        side = Word("are left") if left > ZERO else Word("are more than the pool holds")
        yield _pool(
            "allocation_whole",
            given,
            proposal.total,
            Sentence(
                "%(amount)s %(currency)s %(side)s: allocate exactly all.",
                amount=abs(left),
                currency=proposal.currency,
                side=side,
            ),
        )


def allocation_members(proposal: Proposal) -> Iterator[Finding]:
    """Every member has an amount, and nobody else has."""
    known = {member.key for member in proposal.members}
    for key in sorted(known ^ proposal.amounts.keys()):
        said = (
            Word("has no amount: give one, or zero")
            if key in known
            else Word("is not a member of this pool: take the row out")
        )
        yield _member(
            "allocation_members",
            key,
            proposal.amounts.get(key, ZERO),
            ZERO,
            Sentence("%(key)s %(said)s.", key=key, said=said),
        )


def allocation_units(proposal: Proposal) -> Iterator[Finding]:
    """Amounts are whole minor units and not below zero."""
    for key, amount in proposal.amounts.items():
        whole = money.floor_settled(amount, currency=proposal.currency)
        if amount < ZERO:
            yield _member(
                "allocation_units",
                key,
                amount,
                ZERO,
                Sentence("%(key)s: %(amount)s is below zero.", key=key, amount=amount),
            )
        elif amount != whole:
            yield _member(
                "allocation_units",
                key,
                amount,
                whole,
                Sentence("%(key)s: %(amount)s is not a whole minor unit.", key=key, amount=amount),
            )


def allocator_unpaid(proposal: Proposal) -> Iterator[Finding]:
    """The one who allocates is not paid from the pool."""
    if any(member.key == proposal.allocator for member in proposal.members):
        amount = proposal.amounts.get(proposal.allocator, ZERO)
        yield _member(
            "allocator_unpaid",
            proposal.allocator,
            amount,
            ZERO,
            Sentence(
                "%(allocator)s allocates this pool and cannot be paid from it: take the row out.",
                allocator=proposal.allocator,
            ),
        )


def allocation_limits_kept(proposal: Proposal) -> Iterator[Finding]:
    """Every amount is inside its limits; a zero may be under its floor where the plan says so."""
    for key, amount in _known(proposal):
        limits = proposal.limits[key]
        if amount > limits.high:
            yield _member(
                "allocation_limits_kept",
                key,
                amount,
                limits.high,
                Sentence(
                    "%(key)s: %(amount)s is above %(high)s, the %(high_because)s.",
                    key=key,
                    amount=_written(amount),
                    high=_written(limits.high),
                    high_because=limits.high_because,
                ),
            )
        elif amount < limits.low and not (amount == ZERO and proposal.rule.zero_with_reason):
            yield _member(
                "allocation_limits_kept",
                key,
                amount,
                limits.low,
                Sentence(
                    "%(key)s: %(amount)s is below %(low)s, the %(low_because)s.",
                    key=key,
                    amount=_written(amount),
                    low=_written(limits.low),
                    low_because=limits.low_because,
                ),
            )


def zero_has_reason(proposal: Proposal) -> Iterator[Finding]:
    """A zero for somebody whose guideline is more comes with a reason."""
    for key, amount in _known(proposal):
        if amount == ZERO and proposal.guideline[key] > ZERO and not proposal.reason(key):
            yield _member(
                "zero_has_reason",
                key,
                amount,
                proposal.guideline[key],
                Sentence("%(key)s gets nothing: give the reason.", key=key),
            )


def deviation_has_reason(proposal: Proposal) -> Iterator[Finding]:
    """An amount further off its guideline than the plan lets pass comes with a reason."""
    beyond = proposal.rule.reason_beyond
    if beyond is None:
        return
    for key, amount in _known(proposal):
        share = proposal.guideline[key]
        off = abs(amount - share)
        if amount != ZERO and off > share * beyond and not proposal.reason(key):
            yield _member(
                "deviation_has_reason",
                key,
                amount,
                share,
                Sentence(
                    "%(key)s: %(amount)s is %(off)s off the guideline of %(share)s, more than %(beyond)s of it: "
                    "give the reason or move it back.",
                    key=key,
                    amount=_written(amount),
                    off=_written(off),
                    share=_written(share),
                    beyond=_percent(beyond),
                ),
            )


def matrix_has_least(proposal: Proposal) -> Iterator[Finding]:
    """The matrix members together get their part."""
    least = matrix_least(
        total=proposal.total, members=proposal.members, rule=proposal.rule, currency=proposal.currency
    )
    given = sum((proposal.amounts.get(key, ZERO) for key in matrix_keys(members=proposal.members)), ZERO)
    if given < least:
        yield _pool(
            "matrix_has_least",
            given,
            least,
            Sentence(
                "Matrix members get %(given)s; the plan gives them at least %(least)s.",
                given=_written(given),
                least=_written(least),
            ),
        )


def reserve_within(proposal: Proposal) -> Iterator[Finding]:
    """What stays in reserve is not more than the plan lets, and not below zero."""
    most = money.floor_settled(proposal.total * proposal.rule.reserve_at_most, currency=proposal.currency)
    if not ZERO <= proposal.reserve <= most:
        yield _pool(
            "reserve_within",
            proposal.reserve,
            most,
            Sentence(
                "%(reserve)s %(currency)s stay in reserve; the plan allows 0 to %(most)s.",
                reserve=_written(proposal.reserve),
                currency=proposal.currency,
                most=_written(most),
            ),
        )


def allocation_shaped(proposal: Proposal) -> Iterator[Finding]:
    """Amounts differ where work differs, and nobody takes more than half of a pool of four or more."""
    amounts = dict(_known(proposal))
    served = [amount for key, amount in amounts.items() if proposal.guideline[key] > ZERO]
    if (
        len({member.dedication for member in proposal.members}) > 1
        and len(served) > 1
        and len(set(served)) == 1
    ):
        yield _pool(
            "allocation_shaped",
            served[0],
            served[0],
            Word("All get the same although dedication differs."),
            severity=WARN,
        )
    most = proposal.total * LOPSIDED_SHARE
    if len(served) >= LOPSIDED_FROM_MEMBERS:
        for key, amount in amounts.items():
            if amount > most:
                yield _member(
                    "allocation_shaped",
                    key,
                    amount,
                    most,
                    Sentence("%(key)s takes over half of the pool.", key=key),
                    WARN,
                )


CHECKS: tuple[Callable[[Proposal], Iterator[Finding]], ...] = (
    allocation_whole,
    allocation_members,
    allocation_units,
    allocator_unpaid,
    allocation_limits_kept,
    zero_has_reason,
    deviation_has_reason,
    matrix_has_least,
    reserve_within,
    allocation_shaped,
)


def _known(proposal: Proposal) -> Iterator[tuple[str, Decimal]]:
    for member in proposal.members:
        if member.key in proposal.amounts:
            yield member.key, proposal.amounts[member.key]


def _pool(rule: str, value: Decimal, limit: Decimal, message: str, *, severity: str = BLOCK) -> Finding:
    return Finding(rule=rule, subject="", value=value, limit=limit, severity=severity, message=message)


def _member(
    rule: str, key: str, value: Decimal, limit: Decimal, message: str, severity: str = BLOCK
) -> Finding:
    return Finding(rule=rule, subject=key, value=value, limit=limit, severity=severity, message=message)


def _written(amount: Decimal) -> Numeral:
    """Return an amount as people write it: thousands apart, with the digits its currency has."""
    return Numeral(f"{amount:,f}", number=amount, grouped=True)


def _percent(ratio: Decimal) -> Numeral:
    """Return a ratio in percent, with the digits it has."""
    exponent = ratio.normalize().as_tuple().exponent
    return Numeral.percent(ratio, digits=max(-exponent - 2, 0) if isinstance(exponent, int) else 0)
