"""
Acts on accounts of the programme: candidate -> active <-> in review -> exited.

An active account has a key account manager on every day of its programme; the database holds that. An account
that has a day without one is in review, and only active accounts fund pools.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.lawful import law_says, refusing
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from kamcomp.spans import gaps as span_gaps
from teams.choices import AccountStatus, Seat
from teams.models import Membership, StrategicAccount

ACTIVE_LAW = law_says(
    "strategic_accounts_active_have_a_kam",
    "Account %(account)s is active but has no key account manager on %(day)s; name one or put the account in review.",
)


class KamMissing(Refusal):
    """An active account has a key account manager on every day of its programme."""


class AccountExited(Refusal):
    """An account that left the programme does not come back; it is taken in anew."""


def days_without_kam(*, account: StrategicAccount) -> list[Span]:
    """Return the days of an account's programme on which nobody is its key account manager, in order."""
    held = Membership.objects.filter(account=account, seat=Seat.KAM)
    return span_gaps(
        spans=[membership.span for membership in held],
        within=Span(account.programme_start, account.programme_end),
    )


@act
def account_activate(*, account_id: UUID, by: User) -> StrategicAccount:
    """
    Take an account into force: from here on it may fund pools.

    :raises KamMissing: naming the days without a key account manager.
    :raises AccountExited: if the account left the programme.
    """
    account = _locked(account_id=account_id)
    with refusing({ACTIVE_LAW: KamMissing}, at_once=[ACTIVE_LAW]):
        account.status = AccountStatus.ACTIVE
        account.save(update_fields=["status"])
    return account


@act
def account_review(*, account_id: UUID, by: User) -> StrategicAccount:
    """
    Put an account in review: it funds no pool until it is active again.

    :raises AccountExited: if the account left the programme.
    """
    account = _locked(account_id=account_id)
    account.status = AccountStatus.REVIEW
    account.save(update_fields=["status"])
    return account


@act
def accounts_review(*, account_ids: Iterable[UUID], by: User | None) -> list[StrategicAccount]:
    """Put those of the accounts in review that are active and have a day without a manager; return them."""
    active = StrategicAccount.objects.select_for_update(no_key=True).filter(
        pk__in=list(account_ids), status=AccountStatus.ACTIVE
    )
    moved = [account for account in active.order_by("pk") if days_without_kam(account=account)]
    StrategicAccount.objects.filter(pk__in=[account.pk for account in moved]).update(
        status=AccountStatus.REVIEW
    )
    return moved


@act
def account_exit(*, account_id: UUID, last_day: date, by: User) -> StrategicAccount:
    """
    End an account's programme after its last day.

    :raises AccountExited: if it has left already.
    """
    account = _locked(account_id=account_id)
    account.status = AccountStatus.EXITED
    account.programme_end = Span.inclusive(account.programme_start, last_day).until
    account.save(update_fields=["status", "programme_end"])
    return account


def _locked(*, account_id: UUID) -> StrategicAccount:
    account = StrategicAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    if account.status == AccountStatus.EXITED:
        raise AccountExited(
            "%(account)s left the programme; take its account into the programme anew.", account=account
        )
    return account
