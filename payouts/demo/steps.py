"""
What each persona of the demo tries first, and what of it is done: read from facts, never from a tick somebody set.

An act counts when the audit trail says that the persona did it in the browser (an entry with a request; the story that
loads the company has none). Something to read counts when its page was answered to the persona: the trail keeps an
entry of that too, in the demo alone. A step whose screen does not exist is left out by its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from kamcomp.audit.context import act, audit_act
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.models import User
from kamcomp.pages.nav import Words
from payouts.demo.company import GROWTH
from payouts.models import Allocation, Run
from plans.models import PlanVersion
from teams.models import Person

OPENED = "demo_page_opened"
STEPS_SHOWN = 4
PERIOD = "2026-Q3"


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    One thing to try: words, the address it leads to, and what shows that it is done.

    Any of `acts` (services) or of `pages` (addresses) is enough; `fact` is asked besides them. `leads` gives the
    address its arguments, `query` what follows it.
    """

    words: Words
    url_name: str
    acts: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    fact: Callable[[], bool] | None = None
    leads: Callable[[], list[object]] | None = None
    query: str = ""

    def url(self) -> str:
        """Return where it leads; "" if there is no such page, or nothing to lead to."""
        try:
            arguments = self.leads() if self.leads else []
            return reverse(self.url_name, args=arguments) + self.query
        except (NoReverseMatch, LookupError):
            return ""


@dataclass(frozen=True, kw_only=True)
class TriedStep:
    """A step as its reader finds it."""

    words: Words
    url: str
    done: bool


def sofia_has_her_share() -> bool:
    """Tell whether Sofia Marques has been given an amount of the Meridian pool."""
    hers = Allocation.objects.filter(pool__period__code=PERIOD, amount__isnull=False)
    return hers.filter(person__details__legal_name="Sofia Marques", eligible=True).exists()


def current_run() -> list[object]:
    """Return the current run of the open quarter."""
    found = Run.objects.filter(period__code=PERIOD, is_current=True).values_list("pk", flat=True).first()
    if found is None:
        raise LookupError
    return [found]


def ingrids_statement() -> list[object]:
    """Return whose statement to follow to its sources: Ingrid's of the open quarter."""
    found = Person.objects.filter(details__legal_name="Ingrid Solheim").values_list("pk", flat=True).first()
    if found is None:
        raise LookupError
    return [found, PERIOD]


def growth_of_2027() -> list[object]:
    """Return the draft of the growth plan's next version."""
    found = (
        PlanVersion.objects.filter(plan__code=GROWTH).order_by("-number").values_list("pk", flat=True).first()
    )
    if found is None:
        raise LookupError
    return [found]


STEPS: dict[str, tuple[Step, ...]] = {
    "maren.holt": (
        Step(
            words=_("See what changed since the first run of the quarter, and why"),
            url_name="payouts:run-show", leads=current_run, pages=("payouts:run-show",),
        ),
        Step(
            words=_("See what Priya Nair sees"),
            url_name="view-as", query="?q=priya", acts=("view_as_begin",),
        ),
        Step(
            words=_("Begin a new programme: from the account's strategy to a draft"),
            url_name="plans:plan-propose", acts=("draft_propose",),
        ),
        Step(
            words=_("Replay the growth plan of 2027 on the last quarters"),
            url_name="payouts:replay-show", leads=growth_of_2027, acts=("replay_make",), pages=("payouts:replay-show",),
        ),
        Step(
            words=_("Open the account team of Meridian"),
            url_name="teams:team-list", pages=("teams:team-show",),
        ),
        Step(
            words=_("Bring in a file and look at its preview"),
            url_name="imports:batch-list", acts=("import_commit",), pages=("imports:upload-show",),
        ),
        Step(
            words=_("Look who still has a pool to hand out"),
            url_name="payouts:pool-list", query=f"?period={PERIOD}", pages=("payouts:pool-list",),
        ),
    ),
    "ingrid.solheim": (
        Step(
            words=_("Give Sofia Marques her share"),
            url_name="payouts:pool-list", query=f"?period={PERIOD}", fact=sofia_has_her_share,
        ),
        Step(
            words=_("Hand in the pool of Meridian"),
            url_name="payouts:pool-list", query=f"?period={PERIOD}", acts=("allocation_submit",),
        ),
        Step(
            words=_("Open how 2,976.00 was worked out"),
            url_name="payouts:statement-list", pages=("payouts:payout-proof", "payouts:line-rows"),
        ),
        Step(
            words=_("Try what 110 % would pay"),
            url_name="payouts:estimate-show", pages=("payouts:estimate-show",),
        ),
    ),
    "priya.nair": (
        Step(
            words=_("Read your statement, and who decided your share"),
            url_name="payouts:statement-list", pages=("payouts:statement-show",),
        ),
        Step(
            words=_("See whom you support, and how the team does"),
            url_name="payouts:support-list", pages=("payouts:support-list", "payouts:account-review"),
        ),
        Step(
            words=_("Look at the quarters before"),
            url_name="payouts:statement-archive", pages=("payouts:statement-archive",),
        ),
        Step(
            words=_("See when your next pay day is"),
            url_name="payouts:calendar-show", pages=("payouts:calendar-show",),
        ),
        Step(
            words=_("Ask about a line of your statement"),
            url_name="payouts:dispute-list", acts=("dispute_open",),
        ),
    ),
    "jonas.berg": (
        Step(
            words=_("See what stands between this quarter and its payment"),
            url_name="payouts:run-show", leads=current_run, pages=("payouts:run-show",),
        ),
        Step(
            words=_("Answer the dispute that waits for you"),
            url_name="payouts:dispute-list", acts=("dispute_uphold", "dispute_reject"),
        ),
        Step(
            words=_("Find a payout in the register"),
            url_name="payouts:payout-register", pages=("payouts:payout-register",),
        ),
        Step(
            words=_("Write a payroll file, dry first"),
            url_name="payouts:export-list", acts=("job_request", "export_make"), pages=("payouts:export-make",),
        ),
        Step(
            words=_("See that the books agree"),
            url_name="payouts:reconciliation", pages=("payouts:reconciliation",),
        ),
    ),
    "anders.vik": (
        Step(
            words=_("See what changed between the two runs of the quarter"),
            url_name="payouts:run-show", leads=current_run, pages=("payouts:run-show",),
        ),
        Step(
            words=_("Decide on the exception that waits for you"),
            url_name="payouts:exception-list", acts=("exception_decide",),
        ),
        Step(
            words=_("Approve a pool that was handed in, or send it back"),
            url_name="payouts:pool-list", query="?status=submitted", acts=("pool_approve", "pool_return"),
        ),
        Step(
            words=_("Read cost against performance on one page"),
            url_name="payouts:executive-show", pages=("payouts:executive-show",),
        ),
        Step(
            words=_("Open a pool and see how it was funded"),
            url_name="payouts:pool-list", query=f"?period={PERIOD}", pages=("payouts:allocation-save",),
        ),
    ),
    "sigrid.moe": (
        Step(
            words=_("See whose training is overdue, and who alone knows a customer"),
            url_name="teams:care-list", pages=("teams:care-list",),
        ),
        Step(
            words=_("Compare who could become a key account manager"),
            url_name="teams:candidate-list", pages=("teams:candidate-list", "teams:candidate-compare"),
        ),
        Step(
            words=_("Hold pay against the market"),
            url_name="teams:market-list", pages=("teams:market-list",),
        ),
        Step(
            words=_("Read the growth plan of 2027 before it is approved"),
            url_name="plans:version-decide", leads=growth_of_2027, acts=("version_approve", "version_return"),
            pages=("plans:version-decide",),
        ),
    ),
    "ada.nyberg": (
        Step(
            words=_("Pick a statement and follow it to its sources"),
            url_name="payouts:statement-show", leads=ingrids_statement, pages=("payouts:line-rows",),
        ),
        Step(
            words=_("Work a payout out again, to the cent"),
            url_name="payouts:statement-show", leads=ingrids_statement, pages=("payouts:payout-proof",),
        ),
        Step(
            words=_("Find out who changed what"),
            url_name="payouts:audit-list", pages=("payouts:audit-list",),
        ),
        Step(
            words=_("See the last proof of every control"),
            url_name="payouts:control-list", pages=("payouts:control-list",),
        ),
    ),
}  # fmt: skip
PAGES = frozenset(page for steps in STEPS.values() for step in steps for page in step.pages)


def steps_for(user: User) -> list[TriedStep]:
    """Return the first four steps of a persona whose screens are here, with what is done; none for anybody else."""
    there = [(step, url) for step in STEPS.get(user.get_username(), ()) if (url := step.url())][:STEPS_SHOWN]
    done = _done(user=user, steps=[step for step, _url in there])
    return [
        TriedStep(
            words=step.words,
            url=url,
            done=bool(done & {*step.acts, *step.pages}) or bool(step.fact and step.fact()),
        )
        for step, url in there
    ]


def _done(*, user: User, steps: Iterable[Step]) -> set[str]:
    """Return which of the steps' acts a user did in the browser, and which of their pages they opened."""
    acts = {act for step in steps for act in step.acts}
    entries = AuditEvent.objects.filter(Q(action__in=acts) | Q(action=OPENED), user_id=user.pk)
    found = entries.exclude(request_id="").values_list("action", "after__page").distinct()
    return {page if action == OPENED else action for action, page in found}


def page_note(*, user: User, page: str) -> None:
    """Note that a page of somebody's steps was opened, the first time."""
    mine = {page for step in STEPS.get(user.get_username(), ()) for page in step.pages}
    if page not in mine:
        return
    opened = AuditEvent.objects.filter(user_id=user.pk, action=OPENED, after__page=page)
    if not opened.exists():
        demo_page_opened(page=page, by=user)


@act
def demo_page_opened(*, page: str, by: User) -> None:
    """Note that a persona opened a page; in the demo alone."""
    audit_act(subject_table="identity_user", subject_id=by.pk, detail={"page": page})
