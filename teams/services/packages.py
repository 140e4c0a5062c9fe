"""
Acts on pay packages: one person proposes, a second one approves, and nobody decides on their own pay.

Compensation admins and HR propose and approve; finance approves too.

From the first day of an approved package the one before it ends; every day keeps what was promised on it.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from teams.choices import PackageStatus
from teams.models import PayPackage, Person

NOTHING = Decimal(0)
PROPOSERS = [Role.COMP_ADMIN, Role.HR_LEGAL]
APPROVERS = [Role.COMP_ADMIN, Role.HR_LEGAL, Role.FINANCE]


class OwnPay(Refusal):
    """Nobody proposes or approves what they are paid themselves."""


class ProposerCannotApprove(Refusal):
    """A package is approved by a second person."""


class PackageDecided(Refusal):
    """A package is approved once."""


class PackageBeyondRange(Refusal):
    """Nothing in a pay package is negative."""


class PackageInside(Refusal):
    """A later package is in force already on one of the days."""


@act
def package_propose(
    *,
    person: Person,
    since: date,
    last_day: date | None = None,
    base_salary: Decimal,
    variable_target: Decimal = NOTHING,
    pool_target: Decimal = NOTHING,
    long_term_target: Decimal = NOTHING,
    ceiling: Decimal | None = None,
    currency: str,
    by: User,
    at: datetime,
) -> PayPackage:
    """
    Propose what a person is promised a year, from a day on.

    Units: money a year, in `currency`.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises OwnPay: if the package is the proposer's own.
    :raises PackageBeyondRange: if an amount is negative.
    """
    role_check(user=by, roles=PROPOSERS, on=at.date(), act="Proposing a pay package")
    _check_not_own(person=person, user=by)
    if min(base_salary, variable_target, pool_target, long_term_target, ceiling or NOTHING) < 0:
        raise PackageBeyondRange("Salary, targets and ceiling are not negative.")
    span = Span.inclusive(since, last_day)
    return PayPackage.objects.create(
        person=person,
        valid=DateRange(span.since, span.until),
        base_salary=base_salary,
        variable_target=variable_target,
        pool_target=pool_target,
        long_term_target=long_term_target,
        ceiling=ceiling,
        currency=currency,
        status=PackageStatus.PROPOSED,
        created_by=by,
    )


@act
def package_approve(*, package_id: UUID, by: User, at: datetime) -> PayPackage:
    """
    Approve a proposed package; the one in force on its first day ends the day before.

    :raises RoleMissing: if `by` is no compensation admin, nor of HR and legal, nor of finance.
    :raises OwnPay: if the package is the approver's own.
    :raises ProposerCannotApprove: if the approver proposed it.
    :raises PackageDecided: if it is approved already.
    :raises PackageInside: if a package that begins later holds on one of its days.
    """
    role_check(user=by, roles=APPROVERS, on=at.date(), act="Approving a pay package")
    package = PayPackage.objects.select_for_update(no_key=True).get(pk=package_id)
    Person.objects.select_for_update(no_key=True).get(pk=package.person_id)
    _check_not_own(person=package.person, user=by)
    if package.status != PackageStatus.PROPOSED:
        raise PackageDecided(
            "The package of %(person)s from %(since)s is approved already.",
            person=package.person,
            since=package.span.since,
        )
    if package.created_by_id == by.pk:
        raise ProposerCannotApprove(
            "%(by)s proposed the package of %(person)s; a second person approves it.",
            by=by,
            person=package.person,
        )
    standing = PayPackage.objects.filter(
        person=package.person, status=PackageStatus.APPROVED, valid__overlap=package.valid
    )
    later = standing.filter(valid__startswith__gte=package.span.since).order_by("valid").first()
    if later is not None:
        raise PackageInside(
            "A package of %(person)s from %(since)s is in force already; let this one end before.",
            person=package.person,
            since=later.span.since,
        )
    for before in standing:
        PayPackage.objects.filter(pk=before.pk).update(valid=DateRange(before.span.since, package.span.since))
    package.status, package.approved_by = PackageStatus.APPROVED, by
    package.save(update_fields=["status", "approved_by"])
    return package


@act
def package_withdraw(*, package_id: UUID, by: User, at: datetime) -> None:
    """
    Take a proposed package back.

    :raises RoleMissing: if `by` may not propose one.
    :raises PackageDecided: if it is approved already.
    """
    role_check(user=by, roles=PROPOSERS, on=at.date(), act="Withdrawing a pay package")
    package = PayPackage.objects.select_for_update(no_key=True).select_related("person").get(pk=package_id)
    if package.status != PackageStatus.PROPOSED:
        raise PackageDecided(
            "The package of %(person)s from %(since)s is approved: propose another one.",
            person=package.person,
            since=package.span.since,
        )
    package.delete()


def _check_not_own(*, person: Person, user: User) -> None:
    if person.user_id == user.pk:
        raise OwnPay("%(user)s cannot decide on their own pay; ask a colleague.", user=user)
