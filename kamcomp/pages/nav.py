"""
The navigation: every entry once, for whom it is, and where it stands.

An entry names an address by its URL name, so that the ground floor imports no app above
it; an entry whose address does not exist is not shown. A screen builder adds one line here.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kamcomp.identity.choices import Role

Words = str | Promise
ADMIN, KAM, PAYEE, FINANCE = Role.COMP_ADMIN, Role.KAM, Role.PAYEE, Role.FINANCE
EXECUTIVE, LEGAL, AUDITOR = Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR
EVERYBODY = frozenset({*Role.values, ""}) - {Role.API_CLIENT}
WATCHERS = frozenset({ADMIN, FINANCE, EXECUTIVE, AUDITOR})
BOOKS = frozenset({ADMIN, FINANCE, AUDITOR})

FIRST, MY_WORK, MY_PAY = "", _("My work"), _("My pay")
DESIGN, RUN, MONEY, OVERSIGHT = _("Design"), _("Run"), _("Finance"), _("Oversight")
GROUPS: tuple[Words, ...] = (FIRST, MY_WORK, MY_PAY, DESIGN, RUN, MONEY, OVERSIGHT)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: address, words, icon (a heroicon), group, who sees it, and the short word a phone has for it."""

    url_name: str
    label: Words
    icon: str
    group: Words = FIRST
    roles: Set[str] = EVERYBODY
    phone: Words = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An entry as one reader sees it: where it leads, and whether they are there."""

    entry: Entry
    url: str
    current: bool


ENTRIES: tuple[Entry, ...] = (
    Entry(url_name="home", label=_("Home"), icon="home", phone=_("Home")),
    Entry(
        url_name="payouts:my-account-list",
        label=_("My accounts"),
        icon="building-office-2",
        group=MY_WORK,
        roles={KAM},
        phone=_("Accounts"),
    ),
    Entry(
        url_name="payouts:pool-list",
        label=_("Allocate pool"),
        icon="chart-pie",
        group=MY_WORK,
        roles={KAM},
        phone=_("Allocate"),
    ),
    Entry(
        url_name="payouts:support-list",
        label=_("Whom I support"),
        icon="users",
        group=MY_WORK,
        roles={PAYEE},
        phone=_("Support"),
    ),
    Entry(
        url_name="scorecards:objective-list",
        label=_("Objectives"),
        icon="flag",
        group=MY_WORK,
        roles={ADMIN, KAM, EXECUTIVE, PAYEE},
    ),
    Entry(
        url_name="payouts:statement-list",
        label=_("My statement"),
        icon="document-currency-euro",
        group=MY_PAY,
        roles={KAM, PAYEE},
        phone=_("Statement"),
    ),
    Entry(
        url_name="payouts:statement-archive",
        label=_("All statements"),
        icon="archive-box",
        group=MY_PAY,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="payouts:estimate-show",
        label=_("Estimator"),
        icon="calculator",
        group=MY_PAY,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="teams:team-list",
        label=_("Account teams"),
        icon="user-group",
        group=DESIGN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="payouts:account-list",
        label=_("Accounts"),
        icon="building-office-2",
        group=DESIGN,
        roles=WATCHERS,
    ),
    Entry(
        url_name="payouts:person-list",
        label=_("People"),
        icon="users",
        group=DESIGN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="teams:care-list",
        label=_("People care"),
        icon="heart",
        group=DESIGN,
        roles={LEGAL},
    ),
    Entry(
        url_name="teams:role-list",
        label=_("Roles"),
        icon="identification",
        group=DESIGN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="teams:role-list",
        label=_("Roles"),
        icon="identification",
        group=MY_WORK,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="teams:training-list",
        label=_("My training"),
        icon="academic-cap",
        group=MY_WORK,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="scorecards:scorecard-matrix",
        label=_("Scorecards"),
        icon="table-cells",
        group=DESIGN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="plans:metric-list",
        label=_("Metric library"),
        icon="chart-bar",
        group=DESIGN,
        roles=WATCHERS | {LEGAL, KAM},
    ),
    Entry(
        url_name="plans:plan-list",
        label=_("Plans"),
        icon="document-text",
        group=DESIGN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="plans:alignment-next",
        label=_("Alignment"),
        icon="squares-2x2",
        group=DESIGN,
        roles=BOOKS | {LEGAL, KAM},
    ),
    Entry(
        url_name="plans:acceptance-list",
        label=_("Plans to sign"),
        icon="pencil-square",
        group=DESIGN,
        roles=WATCHERS | {LEGAL, KAM, PAYEE},
    ),
    Entry(
        url_name="imports:batch-list",
        label=_("Imports"),
        icon="arrow-up-tray",
        group=RUN,
        roles={ADMIN, FINANCE, LEGAL, AUDITOR},
    ),
    Entry(
        url_name="payouts:calendar-show",
        label=_("Calendar"),
        icon="calendar-days",
        group=RUN,
        roles=WATCHERS | {LEGAL},
    ),
    Entry(
        url_name="payouts:calendar-show",
        label=_("Calendar"),
        icon="calendar-days",
        group=MY_WORK,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="payouts:run-list",
        label=_("Period runs"),
        icon="play",
        group=RUN,
        roles=WATCHERS,
        phone=_("Runs"),
    ),
    Entry(
        url_name="payouts:review-schedule",
        label=_("Reviews"),
        icon="clipboard-document-check",
        group=RUN,
        roles=WATCHERS,
    ),
    Entry(
        url_name="payouts:pool-list",
        label=_("Team pools"),
        icon="chart-pie",
        group=RUN,
        roles=WATCHERS,
        phone=_("Pools"),
    ),
    Entry(
        url_name="payouts:dispute-list",
        label=_("Disputes"),
        icon="chat-bubble-left-right",
        group=RUN,
        roles={ADMIN, FINANCE, AUDITOR},
    ),
    Entry(
        url_name="payouts:dispute-list",
        label=_("My questions"),
        icon="chat-bubble-left-right",
        group=MY_PAY,
        roles={KAM, PAYEE},
    ),
    Entry(
        url_name="payouts:exception-list",
        label=_("Exceptions"),
        icon="exclamation-circle",
        group=RUN,
        roles=WATCHERS,
    ),
    Entry(
        url_name="payouts:adjustment-list",
        label=_("Adjustments"),
        icon="scale",
        group=RUN,
        roles=WATCHERS,
    ),
    Entry(
        url_name="payouts:run-close-next",
        label=_("Approve and lock"),
        icon="lock-closed",
        group=MONEY,
        roles=BOOKS,
        phone=_("Lock"),
    ),
    Entry(
        url_name="payouts:payout-register",
        label=_("Payout register"),
        icon="banknotes",
        group=MONEY,
        roles=BOOKS,
        phone=_("Register"),
    ),
    Entry(
        url_name="payouts:export-list",
        label=_("Files out"),
        icon="arrow-down-tray",
        group=MONEY,
        roles=BOOKS,
        phone=_("Files"),
    ),
    Entry(
        url_name="payouts:reconciliation",
        label=_("Reconciliation"),
        icon="scale",
        group=MONEY,
        roles=BOOKS,
        phone=_("Reconcile"),
    ),
    Entry(
        url_name="payouts:accrual-list",
        label=_("Accruals"),
        icon="calendar-days",
        group=MONEY,
        roles=BOOKS,
        phone=_("Accruals"),
    ),
    Entry(
        url_name="payouts:executive-show",
        label=_("Programme at a glance"),
        icon="presentation-chart-line",
        group=OVERSIGHT,
        roles=WATCHERS,
        phone=_("Programme"),
    ),
    Entry(
        url_name="payouts:alignment-report",
        label=_("Alignment report"),
        icon="document-chart-bar",
        group=OVERSIGHT,
        roles=WATCHERS,
    ),
    Entry(
        url_name="payouts:audit-list",
        label=_("Audit trail"),
        icon="finger-print",
        group=OVERSIGHT,
        roles={AUDITOR, ADMIN},
        phone=_("Audit"),
    ),
    Entry(
        url_name="payouts:reproduce",
        label=_("Reproduce a number"),
        icon="calculator",
        group=OVERSIGHT,
        roles=BOOKS,
        phone=_("Reproduce"),
    ),
    Entry(
        url_name="payouts:control-list",
        label=_("Controls"),
        icon="shield-check",
        group=OVERSIGHT,
        roles=BOOKS,
        phone=_("Controls"),
    ),
    Entry(
        url_name="api-key-list",
        label=_("API keys"),
        icon="key",
        group=OVERSIGHT,
        roles={ADMIN, AUDITOR},
    ),
    Entry(
        url_name="webhook-list",
        label=_("Webhooks"),
        icon="signal",
        group=OVERSIGHT,
        roles={ADMIN, AUDITOR},
    ),
    Entry(
        url_name="payouts:policy-show",
        label=_("Policy settings"),
        icon="adjustments-horizontal",
        group=OVERSIGHT,
        roles=WATCHERS | {LEGAL},
    ),
)


def places(*, roles: Set[str], path: str) -> list[Place]:
    """Return the entries that somebody in `roles` sees, in order; the longest one that `path` lies under is current."""
    found: list[tuple[Entry, str]] = []
    for entry in ENTRIES:
        if not roles & entry.roles:
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        if url not in [known for _entry, known in found]:
            found.append((entry, url))
    here = max((url for _entry, url in found if _leads_to(url, path)), key=len, default="")
    return [Place(entry=entry, url=url, current=url == here) for entry, url in found]


def _leads_to(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))
