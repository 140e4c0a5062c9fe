"""
A crowd over several quarters with one sales goal and a pool, run and closed by the ordinary acts.

Everybody is paid on what their account sold against 1,000,000 a quarter. Account MER has a
KAM (E00001) and a pool for E00003 and E00004, funded by the same goal.
"""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from payouts.models import Pool, Run
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from scorecards.choices import Window
from scorecards.models import Result, Target
from teams.choices import AccountStatus, Link, Seat
from teams.models import JobRole, Membership, PayPackage
from tests.payouts.books import locked
from tests.payouts.crowd import CURVE, START, YEAR, crowd, document, final

D = Decimal
POOL = {"funding": {"rule": "targets_times_result", "node": "SALES"}, "if_late": "guideline"}


def quarters(*, accumulation="period", pool=POOL, payment=None, people=4, also=()):
    """
    Make the crowd in its first quarter, with targets for every quarter and no results yet.

    Beside its goal the plan has one that accumulates otherwise for each of `also`, all of one weight.
    """
    goal = {"weight": str(D(1) / (1 + len(also))), "kind": "goal", "metric": "XSALES", "curve": CURVE}
    goals = {"SALES": accumulation, **{f"SALES{number}": each for number, each in enumerate(also, start=2)}}
    children = [{**goal, "code": code, "accumulation": each} for code, each in goals.items()]
    tree = {"weight": "1", "children": children}
    plan = document(incentive=tree, pool=pool, payment=payment or {})
    made = crowd(people, plan=plan, code="2026-Q1", achieved=False)
    for period in made.periods.values():
        for account in made.accounts:
            target = {"metric": made.metrics["XSALES"], "node": account.node, "currency": "EUR"}
            Target.objects.create(days=period.days, value=1_000_000, **target)
    made.users["ingrid"] = user_make(username="ingrid", roles=[Role.KAM], since=START, by=None)
    made.sold = {}
    made.user = made.users.__getitem__
    made.account = made.accounts[0]
    _team(made)
    return made


def sold(made, code, value, *, account=0):
    """Write, or restate, what an account sold in a quarter."""
    made.sold[code, account] = D(value)
    _believe(made, code, account=account, window=Window.PERIOD, value=D(value))
    for later in made.periods:
        if later >= code and (later, account) in made.sold:
            to_date = sum(made.sold.get((each, account), D(0)) for each in made.periods if each <= later)
            _believe(made, later, account=account, window=Window.YEAR_TO_DATE, value=to_date)


def _believe(made, code, *, account, window, value):
    period, node = made.periods[code], made.accounts[account].node
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    fact = {"metric": made.metrics["XSALES"], "period": period, "node": node, "window": window}
    Result.objects.current().filter(**fact).update(superseded_at=now)
    final(value=value, currency="EUR", **fact).save()


def closed(made, code) -> Run:
    """Run a quarter and take it to closed books, allocating by guideline."""
    run = calculated(made, code)
    return locked(made, run, at=after(made, code))


def calculated(made, code) -> Run:
    """Run a quarter here."""
    run = run_request(period=made.periods[code], by=made.users["maren"], at=timezone.now())
    run_look(run_id=run.pk)
    run.refresh_from_db()
    problems = list(run.problems.values_list("message", flat=True))
    assert (problems, run.error, run.status) == ([], "", "calculated")
    return run


def after(made, code):
    """Return a moment well after a quarter."""
    last = made.periods[code].days.upper
    return timezone.now().replace(year=last.year, month=last.month, day=last.day) + timedelta(days=40)


def pool_of(made, code) -> Pool:
    """Return MER's pool of a quarter."""
    return Pool.objects.get(account=made.account, period=made.periods[code])


def _team(made) -> None:
    role = JobRole.objects.get(code="customer_service")
    kam = JobRole.objects.get(code="key_account_manager")
    first = made.people[0]
    first.user = made.users["ingrid"]
    first.save(update_fields=["user"])
    common = {"account": made.account, "link": Link.DIRECT, "valid": YEAR}
    Membership.objects.create(person=first, role=kam, seat=Seat.KAM, pool_eligible=False, **common)
    for person in made.people[2:4]:
        Membership.objects.create(person=person, role=role, **common)
        PayPackage.objects.filter(person=person).update(pool_target=4000)
    account = made.account
    account.programme_end = YEAR.upper
    account.status = AccountStatus.ACTIVE
    account.save(update_fields=["programme_end", "status"])
