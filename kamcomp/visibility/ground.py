"""Who sees what of the ground floor: users and roles, approvals, the audit trail, calendars, rates, imports, jobs."""

from django.db.models import Q

from kamcomp.api.models import ApiKey, KeptAnswer, Usage
from kamcomp.approvals.keeping import rules_for_hr
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.models import AuditEvent, AuditSeal
from kamcomp.calendar.models import CalendarFeed, DateChange, FiscalCalendar, Period
from kamcomp.currency.models import FxRate
from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from kamcomp.imports.kinds import kinds_kept_by, kinds_kept_from
from kamcomp.imports.models import ColumnMap, ImportBatch, ImportChange, ImportUpload, UploadContent
from kamcomp.jobs.models import Job
from kamcomp.notices.models import Notice, NoticeSetting
from kamcomp.policy.models import PolicySetting
from kamcomp.pulse.models import Canary
from kamcomp.visibility import EVERYBODY, Sight, seen
from kamcomp.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)

ROOM = "kamcomp"

SELF = Sight("themselves", lambda viewer: Q(pk=viewer.user_id))
OWN_ROLES = Sight("their own", lambda viewer: Q(user_id=viewer.user_id))
OWN_STEPS = Sight(
    "what they prepared or decided",
    lambda viewer: Q(prepared_by_id=viewer.user_id) | Q(decided_by_id=viewer.user_id),
)
STARTED = Sight("what they started", lambda viewer: Q(created_by_id=viewer.user_id))
STARTED_BATCH = Sight("of what they started", lambda viewer: Q(batch__created_by_id=viewer.user_id))
OPEN_KINDS = Sight(
    "of kinds that are not others' alone", lambda viewer: ~Q(kind__in=kinds_kept_from(viewer.roles))
)
OPEN_CHANGES = Sight(
    "of kinds that are not others' alone", lambda viewer: ~Q(batch__kind__in=kinds_kept_from(viewer.roles))
)
THEIR_KINDS = Sight("of kinds that are theirs alone", lambda viewer: Q(kind__in=kinds_kept_by(viewer.roles)))
THEIR_CHANGES = Sight(
    "of kinds that are theirs alone", lambda viewer: Q(batch__kind__in=kinds_kept_by(viewer.roles))
)
OPEN_RULES = Sight("of rules that are not for HR and legal alone", lambda viewer: ~Q(rule__in=rules_for_hr()))
STARTED_UPLOAD = Sight("of what they started", lambda viewer: Q(upload__created_by_id=viewer.user_id))

DESK = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)

seen(FiscalCalendar, Period, DateChange, FxRate, room=ROOM, everything=EVERYBODY)
seen(CalendarFeed, room=ROOM, everything=(), **dict.fromkeys(EVERYBODY, OWN_ROLES))
seen(
    User,
    room=ROOM,
    everything=(Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.AUDITOR),
    **dict.fromkeys((Role.EXECUTIVE, Role.KAM, Role.PAYEE, Role.API_CLIENT), SELF),
)
seen(
    RoleGrant,
    room=ROOM,
    everything=(Role.COMP_ADMIN, Role.HR_LEGAL, Role.AUDITOR),
    **dict.fromkeys((Role.FINANCE, Role.EXECUTIVE, Role.KAM, Role.PAYEE, Role.API_CLIENT), OWN_ROLES),
)
seen(
    Notice,
    NoticeSetting,
    room=ROOM,
    everything=(Role.AUDITOR,),
    **dict.fromkeys([role for role in Role if role != Role.AUDITOR], OWN_ROLES),
)
seen(Approval, room=ROOM, everything=DESK, kam=OWN_STEPS)
seen(
    Finding,
    room=ROOM,
    everything=(Role.HR_LEGAL,),
    **dict.fromkeys([role for role in DESK if role != Role.HR_LEGAL], OPEN_RULES),
)
seen(AuditEvent, AuditSeal, Canary, room=ROOM, everything=(Role.COMP_ADMIN, Role.AUDITOR))
seen(
    ApiKey,
    room=ROOM,
    everything=(Role.COMP_ADMIN, Role.AUDITOR),
    **dict.fromkeys([role for role in Role if role not in (Role.COMP_ADMIN, Role.AUDITOR)], OWN_ROLES),
)
seen(KeptAnswer, room=ROOM, everything=(), **dict.fromkeys(EVERYBODY, OWN_ROLES))
seen(Usage, room=ROOM, everything=(Role.COMP_ADMIN, Role.AUDITOR))
seen(
    WebhookEndpoint,
    WebhookSecret,
    WebhookEvent,
    WebhookDelivery,
    WebhookAttempt,
    room=ROOM,
    everything=(Role.COMP_ADMIN, Role.AUDITOR),
)
seen(PolicySetting, room=ROOM, everything=DESK)
seen(ColumnMap, room=ROOM, everything=(Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR, Role.API_CLIENT))
seen(
    ImportBatch,
    room=ROOM,
    comp_admin=OPEN_KINDS,
    finance=OPEN_KINDS,
    auditor=OPEN_KINDS,
    hr_legal=(STARTED, THEIR_KINDS),
    api_client=STARTED,
)
seen(
    ImportChange,
    room=ROOM,
    comp_admin=OPEN_CHANGES,
    finance=OPEN_CHANGES,
    auditor=OPEN_CHANGES,
    hr_legal=(STARTED_BATCH, THEIR_CHANGES),
    api_client=STARTED_BATCH,
)
seen(ImportUpload, room=ROOM, comp_admin=STARTED, finance=STARTED, hr_legal=STARTED)
seen(UploadContent, room=ROOM, comp_admin=STARTED_UPLOAD, finance=STARTED_UPLOAD, hr_legal=STARTED_UPLOAD)
seen(
    Job,
    room=ROOM,
    everything=(Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR),
    **dict.fromkeys((Role.EXECUTIVE, Role.HR_LEGAL, Role.KAM, Role.PAYEE, Role.API_CLIENT), STARTED),
)
