"""See, allocate, submit, return and approve the team pools of a period."""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from rich.console import Console

from kamcomp import money
from kamcomp.identity.models import User
from kamcomp.identity.selectors import user_named
from payouts.choices import PoolStatus
from payouts.cli.options import (
    OptionUnsound,
    add_account,
    add_by,
    add_period,
    amount_of,
    amounts_table,
    pairs_of,
    period_of,
)
from payouts.models import Pool
from payouts.selectors.pool_budgets import pool_share_of_budget
from payouts.selectors.pool_sheet import pool_findings
from payouts.selectors.pools import period_pools, pool_named, pool_shares
from payouts.services.allocations import (
    allocation_guideline,
    allocation_save,
    allocation_spread,
    allocation_submit,
)
from payouts.services.pools import OPEN, pool_approve, pool_close_late, pool_return

FILE_COLUMNS = ("employee_id", "amount", "reason")


def arguments(parser: ArgumentParser) -> None:
    """Add the acts and their options."""
    acts = parser.add_subparsers(dest="pool_act", required=True, metavar="ACT")
    add_period(acts.add_parser("list", help="list the period's pools"))
    show = acts.add_parser("show", help="show one pool and its people")
    _named(show)
    allocate = acts.add_parser("allocate", help="keep amounts as a draft")
    spread = acts.add_parser("spread", help="keep the amounts given, and spread the rest by guideline")
    guideline = acts.add_parser(
        "guideline", help="set every amount to its guideline; of all the user's pools, without --account"
    )
    submit = acts.add_parser(
        "submit", help="hand the allocation to the approver; of all the user's pools, without --account"
    )
    send_back = acts.add_parser("return", help="send a submitted allocation back")
    approve = acts.add_parser(
        "approve", help="approve a submitted allocation; every submitted one, without --account"
    )
    late = acts.add_parser("close-late", help="apply the plan's rule for lateness to a pool past its window")
    for act in (allocate, spread, send_back, late):
        _named(act)
    for act in (guideline, submit, approve):
        add_period(act)
        add_account(act, required=False)
    for act in (allocate, spread, guideline, submit, send_back, approve, late):
        add_by(act, "who acts")
    for act in (allocate, spread, submit):
        act.add_argument(
            "--set", action="append", metavar="EMPLOYEE=AMOUNT", help="an amount; may be repeated"
        )
        act.add_argument(
            "--why", action="append", metavar="EMPLOYEE=REASON", help="a reason; may be repeated"
        )
        act.add_argument("--file", type=Path, help="a CSV file with employee_id, amount, reason")
    for act in (allocate, submit):
        act.add_argument(
            "--reserve", metavar="AMOUNT", help="what stays unallocated, where the plan has a reserve"
        )
    send_back.add_argument("--reason", required=True, help="what has to change")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do the act."""
    ACTS[options["pool_act"]](options, say)


def _list(options: dict[str, Any], say: Console) -> None:
    table = amounts_table(
        words=("account", "state", "allocator", "until", "currency"), amounts=("pool", "allocated", "left")
    )
    for pool in period_pools(period=period_of(options)):
        left = None if pool.funded is None else pool.funded - pool.allocated - pool.reserve
        table.add_row(
            pool.account.node.code,
            pool.get_status_display(),
            str(pool.allocator or ""),
            str(pool.closes_on or ""),
            pool.currency,
            _shown(pool.funded, pool),
            _shown(pool.allocated, pool),
            _shown(left, pool),
        )
    say.print(table)


def _show(options: dict[str, Any], say: Console) -> None:
    _told(_pool(options), say)


def _allocate(options: dict[str, Any], say: Console) -> None:
    pool = _pool(options)
    saved = allocation_save(
        pool_id=pool.pk, version=pool.version, by=_by(options), at=timezone.now(), **_given(options, pool)
    )
    _told(saved, say)


def _spread(options: dict[str, Any], say: Console) -> None:
    pool = _pool(options)
    given = _given(options | {"reserve": None}, pool)
    saved = allocation_spread(
        pool_id=pool.pk, version=pool.version, by=_by(options), at=timezone.now(), **given
    )
    _told(saved, say)


def _guideline(options: dict[str, Any], say: Console) -> None:
    by = _by(options)
    for pool in _pools(options, by=by, states=OPEN):
        allocation_guideline(pool_id=pool.pk, version=pool.version, by=by, at=timezone.now())
        say.print(f"{pool.account.node.code}: every amount is its guideline.")


def _submit(options: dict[str, Any], say: Console) -> None:
    by = _by(options)
    for pool in _pools(options, by=by, states=OPEN):
        given = _given(options, pool)
        allocation_submit(pool_id=pool.pk, version=pool.version, by=by, at=timezone.now(), **given)
        say.print(
            f"{pool.account.node.code}: {_shown(pool.funded, pool)} {pool.currency} handed to the approver."
        )


def _return(options: dict[str, Any], say: Console) -> None:
    pool = pool_return(
        pool_id=_pool(options).pk, reason=options["reason"], by=_by(options), at=timezone.now()
    )
    say.print(f"{pool.account.node.code}: sent back to {pool.allocator}.")


def _approve(options: dict[str, Any], say: Console) -> None:
    by = _by(options)
    for pool in _pools(options, by=None, states=(PoolStatus.SUBMITTED,)):
        pool_approve(pool_id=pool.pk, by=by, at=timezone.now())
        say.print(f"{pool.account.node.code}: {_shown(pool.funded, pool)} {pool.currency} approved.")


def _close_late(options: dict[str, Any], say: Console) -> None:
    pool = pool_close_late(pool_id=_pool(options).pk, by=_by(options), at=timezone.now())
    said = "the guideline is handed to the approver" if pool.by_guideline else "the plan waits for its KAM"
    say.print(f"{pool.account.node.code}: {said}.")


ACTS = {
    "list": _list,
    "show": _show,
    "allocate": _allocate,
    "spread": _spread,
    "guideline": _guideline,
    "submit": _submit,
    "return": _return,
    "approve": _approve,
    "close-late": _close_late,
}


def _named(parser: ArgumentParser) -> None:
    add_period(parser)
    add_account(parser)


def _by(options: dict[str, Any]) -> User:
    return user_named(options["by"])


def _pool(options: dict[str, Any]) -> Pool:
    return pool_named(period=period_of(options), account=options["account"])


def _pools(options: dict[str, Any], *, by: User | None, states: tuple[str, ...]) -> list[Pool]:
    """Return the pool named, or all of the period in a state (and, if `by` is given, allocated by them)."""
    if options["account"]:
        return [_pool(options)]
    pools = period_pools(period=period_of(options)).filter(status__in=states)
    return list(pools if by is None else pools.filter(allocator__user=by))


def _given(options: dict[str, Any], pool: Pool) -> dict[str, Any]:
    amounts, reasons = pairs_of(options["set"], option="--set"), pairs_of(options["why"], option="--why")
    if options["file"]:
        from_file = _rows(options["file"])
        amounts = {row["employee_id"]: row["amount"] for row in from_file} | amounts
        reasons = {row["employee_id"]: row["reason"] for row in from_file if row["reason"]} | reasons
    people = dict(pool.allocations.values_list("person__employee_id", "person_id"))
    given: dict[str, Any] = {
        "amounts": {_person(people, name): amount_of(text, option="--set") for name, text in amounts.items()},
        "reasons": {_person(people, name): reason for name, reason in reasons.items()},
    }
    if options["reserve"] is not None:
        given["reserve"] = amount_of(options["reserve"], option="--reserve")
    return given


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        reader = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        header, *rows = [row for row in reader if row] or [[]]
    except OSError as error:
        raise OptionUnsound(f"--file {path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise OptionUnsound(f"--file {path} is not a CSV file in UTF-8: {error}.") from error
    if tuple(header) != FILE_COLUMNS:
        raise OptionUnsound(
            f"{path.name} has the columns {', '.join(header) or 'none'}: it takes {', '.join(FILE_COLUMNS)}."
        )
    for row in rows:
        if len(row) != len(FILE_COLUMNS):
            raise OptionUnsound(
                f"{path.name} has a row of {len(row)} fields: {','.join(row)[:60]!r}; each has {len(FILE_COLUMNS)}."
            )
    names = [row[0] for row in rows]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise OptionUnsound(f"{path.name} has {twice} twice: give each person one row.")
    return [dict(zip(FILE_COLUMNS, row, strict=True)) for row in rows]


def _person(people: dict[str, UUID], name: str) -> UUID:
    try:
        return people[name]
    except KeyError:
        raise OptionUnsound(f"{name} is not one of the pool's people: {', '.join(sorted(people))}.") from None


def _told(pool: Pool, say: Console) -> None:
    say.print(f"{pool}: {pool.get_status_display().lower()}, {_shown(pool.funded, pool)} {pool.currency}")
    if (shared := pool_share_of_budget(pool=pool)) is not None:
        say.print(
            f"By its rule it asks {shared.asked} {pool.currency}. The budget {shared.code} holds {shared.available}; "
            f"{shared.pools} pools ask {shared.total} of it: this one is granted {shared.granted}."
        )
    table = amounts_table(
        words=("person", "role", "link", "on account", "days", "reason"), amounts=("guideline", "amount")
    )
    for share in pool_shares(pool=pool):
        table.add_row(
            share.employee_id,
            share.role,
            share.link,
            f"{share.dedication.normalize():f}",
            str(share.days),
            share.ineligible_reason or share.reason,
            _shown(share.guideline, pool),
            _shown(share.amount, pool),
        )
    say.print(table)
    for finding in pool_findings(pool=pool) if pool.funded is not None else ():
        say.print(f"{finding.severity}: {finding.message}")


def _shown(amount: Decimal | None, pool: Pool) -> str:
    return "" if amount is None else f"{money.settle(amount, currency=pool.currency):f}"
