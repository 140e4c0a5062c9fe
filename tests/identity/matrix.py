"""
Every address asked as every role, on the objects of somebody's own, of their team and of strangers.

The addresses are read from the URLconf, so none can be left out; what each is expected to answer stands in matrix.yaml,
which people read and change by hand, or write anew with KAMCOMP_MATRIX=write and then read as a diff. An address with
a parameter of a new name needs its objects below.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from django.utils import timezone

from kamcomp.api.models import ApiKey
from kamcomp.api.problems import AREA
from kamcomp.api.public_ids import public_id
from kamcomp.approvals.models import Finding
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.models import User
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch, ImportUpload
from kamcomp.imports.uploads import upload_take
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.models import Notice
from kamcomp.notices.services import notices_put
from kamcomp.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from payouts.choices import (
    AdjustmentKind,
    AdjustmentStatus,
    DisputeKind,
    ExceptionKind,
    ExportFormat,
    ExportProfile,
    PoolStatus,
)
from payouts.models import (
    Adjustment,
    Allocation,
    Dispute,
    Export,
    PayoutLine,
    PlanException,
    Pool,
    ReplayPerson,
)
from payouts.selectors.disputes import Subject
from payouts.services.disputes import dispute_open
from payouts.services.exceptions import exception_request
from plans.engine.conventions import PlanType
from plans.models import Acceptance, Draft, DraftBrief, Replay, Scenario
from plans.services import draft_begin
from plans.templates_library import plan_template
from teams.choices import ObjectiveStatus, Seat
from teams.models import (
    AccountObjective,
    Candidate,
    Course,
    Employment,
    Membership,
    PayPackage,
    RoleDuty,
    TeamEdit,
    Training,
)
from teams.services import team_member_end
from tests.payouts.company import D
from tests.visibility.two_teams import TwoTeams, reviewed, two_teams

PAGE = Path(__file__).with_name("matrix.yaml")
USERS = {
    "nobody": "",
    "comp_admin": "maren",
    "kam": "paul",
    "payee": "sofia",
    "finance": "jonas",
    "executive": "anders",
    "hr_legal": "sigrid",
    "auditor": "ada",
    "api_client": "robot",
}
"""Paul is Kestrel's KAM and Sofia supports it; Meridian's people are strangers to both."""
WITHOUT = {"page": {}}
REST = "api"
"""Resources of the REST interface have a table of their own: tests/api/table.yaml."""
TEXT = {"title": "A plan, version 1", "days": "This year", "sections": []}
Answers = dict[str, dict[str, dict[int, list[str]]]]
Objects = dict[str, dict[str, Any]]
Reads = Callable[[str, str], None]


@dataclass(frozen=True)
class Address:
    """One address of the URLconf: how it is written, its full name, the names of its parameters."""

    route: str
    name: str
    parameters: tuple[str, ...]


def addresses() -> list[Address]:
    """Return every address, in the order of the URLconf, each route once."""
    found: dict[str, Address] = {}
    for address in _walk(get_resolver().url_patterns):
        found.setdefault(address.route, address)
    return list(found.values())


def _walk(
    patterns: list[Any], route: str = "", space: str = "", parameters: tuple[str, ...] = ()
) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        named = parameters + tuple(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            if pattern.namespace == REST:
                continue
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, here, inner, named)
        elif isinstance(pattern, URLPattern):
            yield Address(here, f"{space}{pattern.name}", named)


def company() -> TwoTeams:
    """Make both teams with a reviewed run, and a funded pool each."""
    made = reviewed(two_teams())
    first = Pool.objects.get(account=made.first.account)
    second, _made = Pool.objects.get_or_create(
        account=made.account,
        period=first.period,
        defaults={
            "plan_version": first.plan_version,
            "run": made.run,
            "currency": "EUR",
            "funded": D("1000.00"),
            "terms": first.terms,
            "inputs": first.inputs,
            "status": PoolStatus.FUNDED,
            "allocator": made.people["paul"],
            "closes_on": first.closes_on,
        },
    )
    if not second.allocations.exists():
        membership = Membership.objects.get(person=made.people["sofia"])
        Allocation.objects.create(
            pool=second,
            person=membership.person,
            membership=membership,
            role=membership.role,
            link=membership.link,
            dedication=membership.dedication,
            days_eligible=92,
            role_weight=1,
            guideline=D("1000.00"),
        )
    exception_request(
        plan=made.first.plan,
        person=made.people["sofia"],
        period=first.period,
        kind=ExceptionKind.DEAL,
        reason="A reason",
        amount=D("5.00"),
        currency="EUR",
        expires_on=timezone.localdate() + timedelta(days=30),
        by=made.user("olga"),
        at=timezone.now(),
    )
    for name in ("sofia", "KAM"):
        _adjustment(made, name)
        payout = made.payouts[name]
        dispute_open(
            subject=Subject(payout=payout, line=PayoutLine.objects.filter(payout=payout).first()),
            kind=DisputeKind.QUESTION,
            claim="Why?",
            by=made.user("sofia" if name == "sofia" else "ingrid"),
            at=timezone.now(),
        )
    for code, account, owner in (
        ("KES-1", made.account, made.people["sofia"]),
        ("MER-1", made.first.account, made.first.people["PM"]),
    ):
        AccountObjective.objects.create(
            account=account,
            code=code,
            owner=owner,
            statement="Win the second plant",
            due_on=date(2026, 12, 31),
            status=ObjectiveStatus.AGREED,
        )
    return made


def _adjustment(made: TwoTeams, name: str) -> None:
    """Make an adjustment that is approved, so that whose it is may see it."""
    Adjustment.objects.create(
        period=made.first.quarters["2026-Q4"],
        person=made.people[name],
        kind=AdjustmentKind.GOODWILL,
        amount=D("10.00"),
        currency="EUR",
        reason="A reason",
        proposed_by=made.user("olga"),
        decided_by=made.user("jonas"),
        status=AdjustmentStatus.APPROVED,
    )


def objects(by_name: Objects, address: Address) -> Objects:
    """
    Return what an address is asked for, out of `objects_of`, by whose it is: its first parameter says whose.

    :raises LookupError: if a parameter's name has no objects here.
    """
    if not address.parameters:
        return WITHOUT
    unknown = [name for name in address.parameters if name not in by_name]
    if unknown:
        raise LookupError(f"{address.route}: say in tests/identity/matrix.py what {unknown} stands for")
    return {
        label: {
            name: by_name[name].get(label, next(iter(by_name[name].values()))) for name in address.parameters
        }
        for label in by_name[address.parameters[0]]
    }


def _draft(made: TwoTeams) -> Draft:
    """Begin a working draft that came from answers, so that there is one to design."""
    draft = draft_begin(
        document=plan_template(plan_type=PlanType.RENEWAL),
        calendar=made.first.calendar,
        by=made.user("maren"),
        at=timezone.now(),
    )
    answers = {
        "goal": "defend", "team": 6, "countries": 2, "segments": 0, "saturation": None, "trend": None,
        "cycle_months": 6, "opportunities": 4, "long_run": "0.5",
    }  # fmt: skip
    DraftBrief.objects.create(
        draft=draft, proposed="renewal", answers=answers, reasons=["defend"], measures=[]
    )
    return draft


def objects_of(made: TwoTeams) -> Objects:
    """Make what is missing yet, and return what each parameter stands for, by whose it is."""
    kestrel, meridian, payouts = made.account, made.first.account, made.payouts
    pools = {pool.account_id: pool.pk for pool in Pool.objects.all()}
    people = made.people
    adjustments = {row.person_id: row.pk for row in Adjustment.objects.all()}
    seats, edits = _seats_and_edits(made)
    packages = dict(PayPackage.objects.values_list("person_id", "pk"))
    jobs = dict(Employment.objects.values_list("person_id", "pk"))
    disputes = {row.person_id: row.pk for row in Dispute.objects.all()}
    return {
        "acceptance_id": _acceptances(made),
        "notice_id": _notices(made),
        "exception_id": {"everybody's": PlanException.objects.get().pk},
        "dispute_id": {
            "payee's": disputes[people["sofia"].pk],
            "stranger's": disputes[people["KAM"].pk],
        },
        "allocation_id": {
            "payee's": Allocation.objects.get(person=people["sofia"]).pk,
            "stranger's": Allocation.objects.filter(pool_id=pools[meridian.pk]).first().pk,
        },
        "adjustment_id": {
            "payee's": adjustments[people["sofia"].pk],
            "stranger's": adjustments[people["KAM"].pk],
        },
        "pool_id": {"team's": pools[kestrel.pk], "stranger's": pools[meridian.pk]},
        "account_id": {"team's": kestrel.pk, "stranger's": meridian.pk},
        "payout_id": {
            "KAM's": payouts["paul"].pk,
            "payee's": payouts["sofia"].pk,
            "stranger's": payouts["KAM"].pk,
        },
        "person_id": {
            "KAM's": people["paul"].pk,
            "payee's": people["sofia"].pk,
            "stranger's": people["KAM"].pk,
        },
        "package_id": {"payee's": packages[people["sofia"].pk], "stranger's": packages[people["KAM"].pk]},
        "membership_id": {"team's": seats[kestrel.pk], "stranger's": seats[meridian.pk]},
        "employment_id": {"payee's": jobs[people["sofia"].pk], "stranger's": jobs[people["KAM"].pk]},
        "node_id": {"KES": kestrel.node_id},
        "edit_id": {"team's": edits[kestrel.pk], "stranger's": edits[meridian.pk]},
        "run_id": {"everybody's": made.run.pk},
        "old": {"everybody's": public_id("run", made.run.pk)},
        "new": {"everybody's": public_id("run", made.run.pk)},
        "period_id": {"everybody's": made.run.period_id},
        "draft_id": {"everybody's": _draft(made).pk},
        "plan_id": {"everybody's": made.first.plan.pk},
        "version_id": {"everybody's": made.first.version.pk},
        "before_id": {"everybody's": made.first.version.pk},
        "user_id": {
            "payee's": User.objects.get(username="sofia").pk,
            "stranger's": User.objects.get(username="ingrid").pk,
        },
        "event_id": {"everybody's": AuditEvent.objects.order_by("pk").values_list("pk", flat=True)[0]},
        "export_id": {"everybody's": _export(made).pk},
        "batch_id": {"everybody's": _batch().pk},
        "key_id": _keys(made),
        **_webhooks(),
        "metric": {"everybody's": "M01"},
        "pk": {"none": 1},
        "uidb36": {"none": "1"},
        "key": {"none": "no-key"},
        "token": {"none": "no-token"},
        "kind": {"first": "cut_off"},
        "setting": {"first": "account_review_days"},
        "page": {"document": "reference/glossary"},
        "objective_id": {
            "team's": AccountObjective.objects.get(code="KES-1").pk,
            "stranger's": AccountObjective.objects.get(code="MER-1").pk,
        },
        "number": {"first": 1},
        "period": {"everybody's": made.run.period.code},
        "act": {"first": "review"},
        **_imports(),
        **_care(made),
    }


def _care(made: TwoTeams) -> dict[str, dict[str, Any]]:
    """Return what HR keeps: a role with its part in an activity, a training of two people, a candidate from outside."""
    role = made.first.account.memberships.first().role
    duty, _made = RoleDuty.objects.get_or_create(role=role, activity="Delivery", part="responsible")
    course = Course.objects.order_by("code")[0]
    trainings = {
        whose: Training.objects.get_or_create(
            person=made.people[name], course=course, defaults={"due_on": date(2026, 6, 1)}
        )[0].pk
        for whose, name in (("payee's", "sofia"), ("stranger's", "KAM"))
    }
    candidate, _made = Candidate.objects.get_or_create(
        code="C1",
        defaults={
            "name": "Eva",
            "role": role,
            "source": "external",
            "came_from": "customer",
            "since": date(2026, 6, 1),
        },
    )
    return {
        "role_id": {"everybody's": role.pk},
        "duty_id": {"everybody's": duty.pk},
        "training_id": trainings,
        "candidate_id": {"everybody's": candidate.pk},
        "what": {"first": "training"},
        "row_id": trainings,
    }


def _keys(made: TwoTeams) -> dict[str, Any]:
    """Return a key of the KAM's own, and one of the compensation admin's."""
    found = {}
    for whose, name in (("KAM's", "paul"), ("stranger's", "maren")):
        key, _made = ApiKey.objects.get_or_create(
            user=made.user(name),
            defaults={
                "name": "a key",
                "prefix": f"kc_live_{name}",
                "digest": name,
                "scopes": ["periods:read"],
                "expires_at": timezone.now() + timedelta(days=1),
            },
        )
        found[whose] = key.pk
    return found


def _webhooks() -> dict[str, dict[str, Any]]:
    """Return a webhook of the company's, and a delivery to it that was given up."""
    endpoint, _made = WebhookEndpoint.objects.get_or_create(
        name="Payroll", defaults={"url": "https://93.184.215.14/", "events": ["run.completed"]}
    )
    event, _made = WebhookEvent.objects.get_or_create(
        key="matrix", defaults={"type": "run.completed", "at": timezone.now(), "data": {}}
    )
    delivery, _made = WebhookDelivery.objects.get_or_create(
        endpoint=endpoint, event=event, defaults={"status": "failed"}
    )
    return {"webhook_id": {"everybody's": endpoint.pk}, "delivery_id": {"everybody's": delivery.pk}}


def evidence_of(made: TwoTeams) -> None:
    """Make what a version was looked at with: a finding, a replay of two people, a scenario."""
    version = made.first.version
    Finding.objects.get_or_create(
        subject_table="plans_planversion",
        subject_id=str(version.pk),
        rule="L35",
        defaults={"message": "A cliff", "severity": "to_look_at"},
    )
    sums = {"paid": 2, "replayed": 4, "pools_paid": 0, "pools_replayed": 0, "people": 2}
    digests = dict.fromkeys(("version_digest", "input_digest", "result_digest"), "0" * 64)
    replay, _made = Replay.objects.get_or_create(
        version=version,
        periods=["2026-Q3"],
        defaults={
            "people_of": ["A"], "at": timezone.now(), "currency": "EUR", "figures": {}, "problems": [],
            **sums, **digests,
        },
    )  # fmt: skip
    for name in ("sofia", "KAM"):
        ReplayPerson.objects.get_or_create(
            replay=replay,
            person=made.people[name],
            defaults={
                "currency": "EUR", "target": 1, "paid": 1, "replayed": 2, "difference": 1, "figures": {}
            },
        )  # fmt: skip
    Scenario.objects.get_or_create(
        version=version,
        name="Kept",
        defaults={
            "document_digest": "0" * 64, "at": timezone.now(), "currency": "EUR", "people": 2, "draws": 1, "figures": {}
        },
    )  # fmt: skip


def _acceptances(made: TwoTeams) -> dict[str, Any]:
    """Return the first version put before two people."""
    asked = {"payee's": made.people["sofia"], "stranger's": made.first.people["KAM"]}
    for person in asked.values():
        Acceptance.objects.get_or_create(
            version=made.first.version,
            person=person,
            defaults={"language": "en", "text": TEXT, "digest": "0" * 64, "sent_at": timezone.now()},
        )
    return {whose: Acceptance.objects.get(person=person).pk for whose, person in asked.items()}


def _notices(made: TwoTeams) -> dict[str, Any]:
    """Return a notice each of two people who were told the same."""
    told = {"payee's": made.user("sofia"), "stranger's": made.user("ingrid")}
    notices_put(
        users=told.values(), kind=NoticeKind.DISPUTE_ANSWERED, key="matrix", path="/", at=timezone.now()
    )
    return {whose: Notice.objects.get(user=user, key="matrix").pk for whose, user in told.items()}


def _imports() -> dict[str, dict[str, Any]]:
    """Return a file that the compensation admin has under way."""
    upload = ImportUpload.objects.filter(filename="products.csv").first() or upload_take(
        kind="products",
        content=b"product,family,segment\nP-1,Pumps,\n",
        filename="products.csv",
        by=User.objects.get(username="maren"),
        at=timezone.now(),
    )
    return {"upload_id": {"comp admin's": upload.pk}, "step": {"first": "look"}}


def _seats_and_edits(made: TwoTeams) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Return a member's seat of each team, and an edit of it."""
    seats, edits = {}, {}
    for one in Membership.objects.filter(seat=Seat.MEMBER).order_by("pk"):
        seats.setdefault(one.account_id, one.pk)
    for account_id, seat in seats.items():
        known = TeamEdit.objects.filter(account_id=account_id).first()
        edit = known or team_member_end(
            membership_id=seat, seen=None, last_day=date(2030, 1, 1), by=made.user("maren"), at=timezone.now()
        )
        edits[account_id] = edit.pk
    return seats, edits


def _export(made: TwoTeams) -> Export:
    export, _made = Export.objects.get_or_create(
        run=made.run,
        profile=ExportProfile.REGISTER,
        format=ExportFormat.CSV,
        defaults={"filename": "register.csv", "rows": 1, "sha256": "0" * 64, "exported_at": timezone.now()},
    )
    return export


def _batch() -> ImportBatch:
    batch, _made = ImportBatch.objects.get_or_create(
        kind="payroll_return",
        filename="paid.csv",
        defaults={
            "file_digest": "0" * 64,
            "status": BatchStatus.COMMITTED,
            "committed_at": timezone.now(),
        },
    )
    return batch


def observed(made: TwoTeams, *, reads: Reads | None = None) -> dict[str, Answers]:
    """
    Ask every address as everybody and return the answers: by route, method and whose it is, status to roles.

    Everybody reads German; `reads` is given the text of each page, as the first who is shown it reads it.
    """
    sessions = {role: _session(username) for role, username in USERS.items()}
    by_name = objects_of(made)
    return {address.route or "/": _asked(by_name, address, sessions, reads) for address in addresses()}


def _session(username: str) -> str:
    """Sign a user in once and return the name of the session; none for nobody."""
    client = Client()
    if username:
        client.force_login(User.objects.get(username=username))
    return client.cookies[settings.SESSION_COOKIE_NAME].value if username else ""


def _asked(
    by_name: Objects, address: Address, sessions: dict[str, str], reads: Reads | None = None
) -> Answers:
    answers: Answers = {}
    for method in ("get", "post"):
        for label, arguments in objects(by_name, address).items():
            by_status: dict[int, list[str]] = {}
            path = _path(address, arguments)
            for role, session in sessions.items():
                status, page = _answer(method, path, session)
                if reads and page and status not in by_status:
                    reads(address.route, page)
                by_status.setdefault(status, []).append(role)
            answers.setdefault(method.upper(), {})[label] = dict(sorted(by_status.items()))
    return answers


def _path(address: Address, arguments: dict[str, Any]) -> str:
    try:
        return reverse(address.name, kwargs=arguments)
    except NoReverseMatch as error:
        raise LookupError(f"{address.route}: {error}") from error


def _answer(method: str, path: str, session: str) -> tuple[int, str]:
    """Return the status of one request and the page it is answered with, if it is one; undo what it did."""
    client = Client(raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        accept = "application/json" if path.startswith(AREA) else "text/html"
        answer = getattr(client, method)(path, headers={"accept": accept, "accept-language": "de"})
        transaction.set_rollback(True)
    is_page = answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming
    return answer.status_code, answer.content.decode() if is_page else ""


def expected() -> dict[str, Answers]:
    """Return what matrix.yaml says."""
    return yaml.safe_load(PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else {}


class _Flow(yaml.SafeDumper):
    """Write each list of roles on one line."""


_Flow.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True)
)


def written(answers: dict[str, Answers]) -> str:
    """Return the text of matrix.yaml for these answers."""
    head = (
        "# What every address answers to every role: status by role, for the objects of the KAM's team (Kestrel),\n"
        "# of the KAM and the payee themselves, and of strangers (Meridian). POST is asked with an empty form.\n"
        "# Read by tests/identity/test_matrix.py; written anew with KAMCOMP_MATRIX=write, then read as a diff.\n"
    )
    return head + yaml.dump(answers, Dumper=_Flow, sort_keys=False, width=160)
