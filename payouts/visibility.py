"""
Who sees the money: runs, payouts and the lines that explain them, pools and shares, corrections, the ledger, files.

A payee sees what a reviewed run pays them, and a pool share once the pool is approved. A KAM sees, for the periods
they are the KAM on the last day of, the lines of their account, and a whole payout where nothing of it is for an
account of somebody else. An executive sees a person's pay only where they decide on it (a pool handed in, an
adjustment) or where the person reports to them.
"""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from psycopg2.extras import DateRange

from kamcomp.identity.choices import Role
from kamcomp.visibility import Sight, Viewer, seen
from payouts.choices import AdjustmentStatus, PoolStatus, RunStatus
from payouts.models import (
    AccountReview,
    Adjustment,
    Allocation,
    ClawbackCase,
    Dispute,
    DisputeMessage,
    Export,
    LedgerCheck,
    LedgerEntry,
    Payout,
    PayoutEvent,
    PayoutLine,
    PayrollReturn,
    PlanException,
    Pool,
    PoolBudget,
    Posting,
    RegisterRow,
    ReplayPerson,
    Run,
    RunChunk,
    RunProblem,
    StatementReading,
)
from plans.models import Assignment
from teams.visibility import (
    HELD,
    IN_HELD_TEAMS,
    OWN,
    PAY,
    REPORTS,
    STRUCTURE,
    held_accounts,
    kam_seats,
    own_people,
    reports,
)

ROOM = "payouts"
BOOKS = (Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR)
"""Those who see the ledger, the files and what workers keep."""
FOR_PAYEES = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED, RunStatus.LOCKED)
FOR_MANAGERS = (RunStatus.CALCULATED, *FOR_PAYEES)
HANDED_IN = (PoolStatus.SUBMITTED, PoolStatus.RETURNED, PoolStatus.APPROVED)
DECIDED = (AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED)
NOTHING = Q(pk__in=[])

# What is asked once a viewer --------------------------------------------------------------------------------


def team_payees(viewer: Viewer) -> dict[UUID, set[UUID]]:
    """Return who is paid on each account the viewer is or was the KAM of."""
    accounts = [account for account, _ in viewer.once(kam_seats)]
    found: dict[UUID, set[UUID]] = {account: set() for account in accounts}
    rows = Assignment.objects.filter(account_id__in=accounts)
    for account, person in rows.values_list("account_id", "person_id"):
        found[account].add(person)
    return found


def shared_payees(viewer: Viewer) -> set[UUID]:
    """Return those of the payees who are paid on an account as well that the viewer never was the KAM of."""
    people = set().union(*viewer.once(team_payees).values())
    others = Assignment.objects.filter(person_id__in=people, account_id__isnull=False).exclude(
        account_id__in=list(viewer.once(team_payees))
    )
    return set(others.values_list("person_id", flat=True))


# Conditions -------------------------------------------------------------------------------------------------


def _run_is(statuses: tuple[RunStatus, ...], path: str = "run__") -> Q:
    return Q(**{f"{path}status__in": statuses, f"{path}is_current": True})


def _own_payouts(viewer: Viewer, path: str = "") -> Q:
    return Q(**{f"{path}person_id__in": viewer.once(own_people)}) & _run_is(FOR_PAYEES, f"{path}run__")


def _reports_payouts(viewer: Viewer, path: str = "") -> Q:
    return Q(**{f"{path}person_id__in": viewer.once(reports)}) & _run_is(FOR_MANAGERS, f"{path}run__")


def _team_payouts(viewer: Viewer, path: str = "", *, lines: bool = False) -> Q:
    """Return the condition for whole payouts of a KAM's teams, or for the lines of them that are for the account."""
    payees, shared = viewer.once(team_payees), viewer.once(shared_payees)
    by_days: dict[DateRange, list[UUID]] = {}
    for account, days in viewer.once(kam_seats):
        by_days.setdefault(days, []).append(account)
    parts = []
    for (
        days,
        accounts,
    ) in by_days.items():  # one part for all seats of the same days: a part each costs seconds
        people = set().union(*(payees[account] for account in accounts))
        part = Q(
            **{
                f"{path}person_id__in": people if lines else people - shared,
                f"{path}period__days__endswith__gt": days.lower,
            }
        )
        if days.upper:
            part &= Q(**{f"{path}period__days__endswith__lte": days.upper})
        parts.append(part & _paid_on(accounts, path) if lines else part)
    any_of = Q(*parts, _connector=Q.OR)  # laid side by side at once: one by one costs the square of them
    return any_of & _run_is(FOR_MANAGERS, f"{path}run__") if parts else NOTHING


def _paid_on(accounts: list[UUID], path: str) -> Q:
    """Return the condition for lines of an account's payees that are for this account, whichever of several."""
    if len(accounts) == 1:
        return Q(account_id=accounts[0])
    own = Assignment.objects.filter(account_id=OuterRef("account_id"), person_id=OuterRef(f"{path}person_id"))
    return Q(account_id__in=accounts) & Q(Exists(own))


def _own_shares(viewer: Viewer, path: str = "") -> Q:
    return Q(**{f"{path}person_id__in": viewer.once(own_people), f"{path}pool__status": PoolStatus.APPROVED})


def _own_adjustments(viewer: Viewer, path: str = "") -> Q:
    return Q(**{f"{path}person_id__in": viewer.once(own_people), f"{path}status__in": DECIDED})


def pools_shared(viewer: Viewer) -> list[UUID]:
    """Return the approved pools that the viewer has a share of."""
    return list(Allocation.objects.filter(_own_shares(viewer)).values_list("pool_id", flat=True))


# Sights -----------------------------------------------------------------------------------------------------

CURRENT_RUNS = Sight("current ones, once calculated", lambda _viewer: _run_is(FOR_MANAGERS, ""))
REVIEWED_RUNS = Sight("current ones, once reviewed", lambda _viewer: _run_is(FOR_PAYEES, ""))

OWN_PAYOUTS = Sight("their own, once the run is reviewed", _own_payouts)
REPORTS_PAYOUTS = Sight("of people who report to them, once the run is calculated", _reports_payouts)
TEAM_PAYOUTS = Sight(
    "of payees of accounts they are the KAM of on the period's last day, who are paid on no account of"
    " another KAM, once the run is calculated",
    _team_payouts,
)
OWN_LINES = Sight("their own, once the run is reviewed", lambda viewer: _own_payouts(viewer, "payout__"))
REPORTS_LINES = Sight(
    "of people who report to them, once the run is calculated",
    lambda viewer: _reports_payouts(viewer, "payout__"),
)
TEAM_LINES = Sight(
    "for accounts they are the KAM of on the period's last day, once the run is calculated",
    lambda viewer: _team_payouts(viewer, "payout__", lines=True),
)
WHOLE_LINES = Sight("of payouts they see whole", lambda viewer: _team_payouts(viewer, "payout__"))

ALLOCATED_POOLS = Sight(
    "they allocate", lambda viewer: Q(allocator_id__in=viewer.once(own_people), allocator__isnull=False)
)
SHARED_POOLS = Sight("approved ones they have a share of", lambda viewer: Q(pk__in=viewer.once(pools_shared)))
OWN_SHARES = Sight("their own, once the pool is approved", _own_shares)
HELD_SHARES = Sight(
    "in pools of accounts they hold", lambda viewer: Q(pool__account_id__in=viewer.once(held_accounts))
)
ALLOCATED_SHARES = Sight(
    "in pools they allocate", lambda viewer: Q(pool__allocator_id__in=viewer.once(own_people))
)
HANDED_IN_SHARES = Sight("in pools handed in for a decision", lambda _viewer: Q(pool__status__in=HANDED_IN))

OWN_ADJUSTMENTS = Sight("their own, once approved", _own_adjustments)
POOL_ADJUSTMENTS = Sight(
    "of pools of accounts they hold", lambda viewer: Q(pool__account_id__in=viewer.once(held_accounts))
)
OWN_EVENTS = Sight(
    "of payouts, shares and adjustments they see as their own",
    lambda viewer: (
        _own_payouts(viewer, "payout__")
        | _own_shares(viewer, "allocation__")
        | _own_adjustments(viewer, "adjustment__")
    ),
)

REQUESTED = Sight("they requested", lambda viewer: Q(requested_by_id=viewer.user_id))
OWN_THREADS = Sight("of their own cases", lambda viewer: Q(dispute__person_id__in=viewer.once(own_people)))

seen(
    Run,
    room=ROOM,
    everything=(*PAY, Role.EXECUTIVE),
    kam=CURRENT_RUNS,
    payee=REVIEWED_RUNS,
)
seen(RunChunk, RunProblem, Posting, Export, LedgerCheck, room=ROOM, everything=BOOKS)
seen(
    Payout,
    room=ROOM,
    everything=PAY,
    executive=REPORTS_PAYOUTS,
    kam=(OWN_PAYOUTS, TEAM_PAYOUTS, REPORTS_PAYOUTS),
    payee=OWN_PAYOUTS,
)
seen(
    PayoutLine,
    room=ROOM,
    everything=PAY,
    executive=REPORTS_LINES,
    kam=(OWN_LINES, TEAM_LINES, WHOLE_LINES, REPORTS_LINES),
    payee=OWN_LINES,
)
seen(PoolBudget, room=ROOM, everything=STRUCTURE)
seen(AccountReview, room=ROOM, everything=STRUCTURE, kam=HELD)
seen(StatementReading, room=ROOM, everything=PAY, kam=(OWN, IN_HELD_TEAMS, REPORTS), payee=OWN)
seen(Pool, room=ROOM, everything=STRUCTURE, kam=(HELD, ALLOCATED_POOLS, SHARED_POOLS), payee=SHARED_POOLS)
seen(
    Allocation,
    room=ROOM,
    everything=PAY,
    executive=HANDED_IN_SHARES,
    kam=(HELD_SHARES, ALLOCATED_SHARES, OWN_SHARES),
    payee=OWN_SHARES,
)
seen(
    Adjustment,
    room=ROOM,
    everything=(*PAY, Role.EXECUTIVE),
    kam=(POOL_ADJUSTMENTS, OWN_ADJUSTMENTS),
    payee=OWN_ADJUSTMENTS,
)
seen(ClawbackCase, room=ROOM, everything=PAY, executive=REPORTS, kam=OWN, payee=OWN)
seen(RegisterRow, room=ROOM, everything=BOOKS)
seen(PlanException, room=ROOM, everything=(*PAY, Role.EXECUTIVE), kam=REQUESTED)
seen(Dispute, room=ROOM, everything=PAY, kam=OWN, payee=OWN)
seen(DisputeMessage, room=ROOM, everything=PAY, kam=OWN_THREADS, payee=OWN_THREADS)
seen(LedgerEntry, PayrollReturn, room=ROOM, everything=BOOKS, kam=OWN, payee=OWN)
seen(PayoutEvent, room=ROOM, everything=PAY, kam=OWN_EVENTS, payee=OWN_EVENTS)
seen(ReplayPerson, room=ROOM, everything=PAY, executive=REPORTS)
