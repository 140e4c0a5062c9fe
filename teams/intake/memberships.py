"""
Files of account teams: who serves which account, in which role, from when to when.

A file may not leave an active account with a day without a key account manager unnoticed:
such an account goes to review, and comes back to active once every day has one.
Rules: docs/reference/files.md; DOMAIN's row on TeamAssignment.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.models import ImportBatch, ImportChange
from kamcomp.imports.sheets import Sheet, Standing, check_overlaps, days_of, spans_of
from kamcomp.imports.values import Codes, Day, Flag, Identifier, OneOf, Text, percent
from kamcomp.sentences import Listing, Numeral, Sentence, Word
from kamcomp.spans import Span, gaps
from teams.choices import AccountStatus, Link, Scope, Seat
from teams.intake.references import OWN, ids_by, people, roles
from teams.models import AccountNode, Membership, Segment, StrategicAccount


@dataclass(frozen=True)
class Place:
    """The programme's account that a code means, and the part of it the code names, if it names a part."""

    account: UUID
    node: UUID | None


def places(sheet: Sheet) -> list[Place | None]:
    """Return the account of the programme that each row's account code means."""
    nodes = dict(
        AccountNode.objects.filter(code__in=sheet.distinct("account_code")).values_list("code", "pk")
    )
    above = dict(AccountNode.objects.exclude(parent=None).values_list("pk", "parent_id"))
    taken = dict(StrategicAccount.objects.values_list("node_id", "pk"))
    known: dict[str, Place] = {}
    for code, node in nodes.items():
        root = node
        while root in above:
            root = above[root]
        if root in taken:
            known[code] = Place(taken[root], None if root == node else node)
    cure = Word("import accounts first, with a strategy and programme_start for its root")
    return sheet.resolve("account_code", known, "account of the programme", cure)


def prepare_memberships(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a team_memberships file loads: memberships, and the segments of each."""
    where, persons, spans = places(sheet), people(sheet, "employee_id"), spans_of(sheet)
    leaders, roles_named = people(sheet, "leader_employee_id"), roles(sheet, "role")
    seats = [
        given or (role.seat if role else Seat.MEMBER.value)
        for given, role in zip(sheet["seat"], roles_named, strict=True)
    ]
    sheet.days = list(spans)
    standing = standing_memberships(sheet, where, persons, spans)
    check_team(sheet, where, persons, spans, seats, standing)
    check_dedication(sheet, persons, spans, standing)
    shares = [share and seat != Seat.KAM for share, seat in zip(sheet["pool_eligible"], seats, strict=True)]
    columns: dict[str, Iterable[Any]] = {
        "account_id": [place.account if place else None for place in where],
        "node_id": [place.node if place else None for place in where],
        "person_id": persons,
        "valid": spans,
        "role_id": [role.pk if role else None for role in roles_named],
        "seat": seats,
        "link": sheet["link"],
        "dedication": sheet["dedication_pct"],
        "pool_eligible": shares,
    }
    columns |= {name: sheet[name] for name in ("scope", "opt_out_reason") if sheet.has(name)}
    if sheet.has("leader_employee_id"):
        columns["leader_id"] = leaders
    ids = [
        standing.ids.get((place.account, person, span.since)) or uuid7()
        if place and person and span
        else uuid7()
        for place, person, span in zip(where, persons, spans, strict=True)
    ]
    segments = segment_load(sheet, ids)
    rows = sheet.accepted()
    load = Load(
        model=Membership,
        key=("account_id", "person_id", "valid"),
        columns=picked(columns, rows, len(sheet)),
        rows=rows,
        ids=[ids[row] for row in rows],
    )
    return [load, *segments]


def segment_load(sheet: Sheet, ids: list[UUID]) -> list[Load]:
    """Return the load of the segments that memberships are narrowed to; a file's set is the whole set."""
    if not sheet.has("segments"):
        return []
    codes = {code for cell in sheet["segments"] for code in cell or ()}
    known = ids_by(Segment, "code", codes)
    pairs: list[tuple[int, UUID, UUID]] = []
    for row, cell in enumerate(sheet["segments"]):
        for code in cell or ():
            if code not in known:
                sheet.reject(
                    row,
                    "segments",
                    Sentence("there is no segment %(code)s here: import segments first", code=code),
                )
            else:
                pairs.append((row, ids[row], known[code]))
    return [
        Load(
            model=Membership.segments.through,
            key=("membership_id", "segment_id"),
            columns={"membership_id": [pair[1] for pair in pairs], "segment_id": [pair[2] for pair in pairs]},
            rows=[pair[0] for pair in pairs],
            replaces=("membership_id",),
            owners=list(enumerate(ids)),
        )
    ]


@dataclass
class StandingTeams:
    """Memberships that stand and that a file does not replace, and the ids of those that it does."""

    ids: dict[tuple[UUID, UUID, Any], UUID]
    by_pair: dict[Any, list[Standing]]
    kams: dict[Any, list[Standing]]
    shares: dict[Any, list[tuple[Span, Decimal, str]]]


def standing_memberships(
    sheet: Sheet, where: Sequence[Place | None], persons: Sequence[UUID | None], spans: Sequence[Span | None]
) -> StandingTeams:
    """Return the memberships of the file's accounts and people that stand."""
    replaced = {
        (place.account, person, span.since)
        for place, person, span in zip(where, persons, spans, strict=True)
        if place and person and span
    }
    accounts = {place.account for place in where if place}
    found = Membership.objects.filter(account__in=accounts) | Membership.objects.filter(
        person__in={person for person in persons if person}
    )
    teams = StandingTeams({}, defaultdict(list), defaultdict(list), defaultdict(list))
    names = found.values_list(
        "pk",
        "account_id",
        "person_id",
        "valid",
        "seat",
        "dedication",
        "account__node__code",
        "person__employee_id",
    )
    for pk, account, person, valid, seat, dedication, code, employee in names:
        key, span = (account, person, valid.lower), Span(valid.lower, valid.upper)
        teams.ids[key] = pk
        if key in replaced:
            continue
        name = Sentence(
            "the membership of %(employee)s on %(code)s that stands already", employee=employee, code=code
        )
        teams.by_pair[account, person].append(Standing(span, name))
        teams.shares[person].append((span, dedication, name))
        if seat == Seat.KAM:
            teams.kams[account].append(Standing(span, name))
    return teams


def check_team(
    sheet: Sheet,
    where: Sequence[Place | None],
    persons: Sequence[UUID | None],
    spans: Sequence[Span | None],
    seats: Sequence[str],
    standing: StandingTeams,
) -> None:
    """Reject two memberships of a person on an account, or two key account managers, on one day."""
    for row, (seat, eligible) in enumerate(zip(seats, sheet["pool_eligible"], strict=True)):
        if seat == Seat.KAM and eligible and sheet.text(row, "pool_eligible"):
            sheet.reject(
                row, "pool_eligible", "the key account manager allocates the pool and takes no share of it"
            )
    placed = [row for row in sheet.accepted() if where[row]]
    account = {row: place.account for row in placed if (place := where[row])}
    check_overlaps(
        sheet,
        rows=placed,
        key=lambda row: (account[row], persons[row]),
        spans=spans,
        standing=standing.by_pair,
        column="effective_from",
        what="the time",
    )
    check_overlaps(
        sheet,
        rows=[row for row in sheet.accepted() if row in account and seats[row] == Seat.KAM],
        key=lambda row: account[row],
        spans=spans,
        standing=standing.kams,
        column="effective_from",
        what="the key account manager's time",
    )


def check_dedication(
    sheet: Sheet, persons: Sequence[UUID | None], spans: Sequence[Span | None], standing: StandingTeams
) -> None:
    """Reject rows that would give a person more than 100 % to account teams on a day."""
    held: dict[Any, list[tuple[Span, Decimal, int | None, str]]] = defaultdict(list)
    for row in sheet.accepted():
        span = spans[row]
        if span and persons[row]:
            held[persons[row]].append(
                (span, sheet["dedication_pct"][row], row, Sentence("line %(line)s", line=sheet.lines[row]))
            )
    for person, parts in held.items():
        parts += [(span, share, None, name) for span, share, name in standing.shares.get(person, ())]
        for span, _share, _row, _name in parts:
            together = [part for part in parts if span.since in part[0]]
            total = sum((part[1] for part in together), Decimal(0))
            blamed = max((part[2] for part in together if part[2] is not None), default=None)
            if total > 1 and blamed is not None and blamed not in sheet.rejected:
                others = Listing(part[3] for part in together if part[2] != blamed)
                sheet.reject(
                    blamed,
                    "dedication_pct",
                    Sentence(
                        "from %(since)s on the person would give %(total)s %% of their time, together with "
                        "%(others)s: 100 %% is all there is",
                        since=span.since,
                        total=Numeral.plain((total * 100).normalize()),
                        others=others,
                    ),
                    rule="dedication",
                )


def settle_accounts(sheet: Sheet, _context: Context, batch: ImportBatch) -> None:
    """Put accounts with a day without a key account manager in review; make covered ones active."""
    codes = sheet.distinct("account_code")
    named = AccountNode.objects.filter(code__in=codes).values_list("pk", flat=True)
    of_parts = Membership.objects.filter(node__in=named).values_list("account_id", flat=True)
    accounts = StrategicAccount.objects.select_related("node").filter(node__in=named)
    accounts = accounts | StrategicAccount.objects.select_related("node").filter(pk__in=of_parts)
    kams: dict[UUID, list[Span]] = defaultdict(list)
    seated = Membership.objects.filter(account__in=accounts, seat=Seat.KAM)
    for account_id, valid in seated.values_list("account_id", "valid"):
        kams[account_id].append(Span(valid.lower, valid.upper))
    for account in accounts.exclude(status=AccountStatus.EXITED).distinct():
        programme = Span(account.programme_start, account.programme_end)
        without = gaps(spans=kams[account.pk], within=programme)
        status = AccountStatus.REVIEW if without else AccountStatus.ACTIVE
        if without:
            days = Listing(days_of(gap) for gap in without[:3])
            for row, code in enumerate(sheet["account_code"]):
                if code == account.node.code:
                    reason = Sentence("has no key account manager %(days)s: it is in review", days=days)
                    sheet.inform(row, "account_code", reason, rule="kam_gap")
                    break
        if status != account.status:
            set_status(account, status, batch)


def set_status(account: StrategicAccount, status: str, batch: ImportBatch) -> None:
    """Set an account's status and keep with the batch what stood before."""
    before = _stored(account.pk)
    StrategicAccount.objects.filter(pk=account.pk).update(status=status)
    ImportChange.objects.create(
        batch=batch,
        subject_table=StrategicAccount._meta.db_table,
        subject_id=str(account.pk),
        before=before,
        after=_stored(account.pk),
    )


def _stored(pk: UUID) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT to_jsonb(t)::text FROM "{StrategicAccount._meta.db_table}" t WHERE id = %s', [pk]
        )
        return json.loads(cursor.fetchone()[0])


TEAM_MEMBERSHIPS = Kind(
    name="team_memberships",
    title="Account teams",
    order=60,
    columns=(
        Column("account_code", Identifier(), note="an account of the programme, or a part of one"),
        Column("employee_id", Identifier()),
        Column("role", Identifier(), note="a role_code of the catalogue"),
        Column("link", OneOf(Link.values)),
        Column("dedication_pct", percent(), note="share of working time"),
        optional("scope", OneOf(Scope.values), default=Scope.ACCOUNT.value),
        optional("leader_employee_id", Identifier()),
        optional("segments", Codes(), note="segment codes the membership is narrowed to"),
        Column("effective_from", Day()),
        may_be_empty("effective_to", Day(), note="last day, included; empty for no end"),
        optional("seat", OneOf(Seat.values), note="kam, deputy or member; the role's own if empty"),
        optional("pool_eligible", Flag(), default=True, note="the key account manager never is"),
        optional("opt_out_reason", Text(200), default=""),
    ),
    key=("account_code", "employee_id", "effective_from"),
    prepare=prepare_memberships,
    span=("effective_from", "effective_to"),
    span_key=("account_code", "employee_id"),
    about=OWN,
    finish=settle_accounts,
    rules=(
        "A person is on an account once on any day, and an account has one key account manager on any day.",
        "A person's dedication over all teams is at most 100 % on any day.",
        "An account with a day without a key account manager goes to review; covered every day, it is active.",
    ),
)
