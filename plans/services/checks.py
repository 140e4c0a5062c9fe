"""
Acts on what checks find: a version is looked at and its findings kept, and a finding is let stand with a reason.

Before approval and publishing a version is looked at again: what blocks it, and nobody let stand, refuses the act.
A load of history is refused by the same rules, but for those about lateness, signature and replay, which it records.
A finding is let stand by a role its rule names, and what blocks by somebody who did not prepare the version; it
stands as long as the rule says the same sentence, so that a changed plan is asked anew.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.choices import Severity as Stored
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Listing, Refusal, Sentence
from plans.checks.facts import Stage
from plans.checks.registry import Report, checked
from plans.checks.rule import RULES, Severity, shown
from plans.checks.rule import Finding as Found
from plans.choices import Loading
from plans.models import PlanVersion
from plans.selectors.limits import limits_on
from plans.selectors.pictures import VERSION_TABLE, picture_of_version

SAID_BY_PUBLISHING = ("L66",)
"""Publishing refuses a version in locked periods by a name of its own."""


class DesignBlocked(Refusal):
    """A check blocks the version, and nobody has let it stand."""


class CheckUnknown(Refusal):
    """There is no such rule, or it found nothing on the version."""


class NotToBeWaived(Refusal):
    """A finding of this rule has to be mended."""


class PreparerCannotWaive(Refusal):
    """What blocks a version is let stand by somebody who did not prepare it."""


class ReasonMissing(Refusal):
    """A finding is let stand with a reason."""


def version_report(*, version: PlanVersion, at: datetime, stage: Stage = Stage.DRAFT) -> Report:
    """Return what the checks of a plan's design find on a version, under the limits of the day."""
    picture = picture_of_version(version=version, on=at.date(), stage=stage)
    return checked(picture=picture, settings=limits_on(day=at.date()))


@act
def version_check(*, version_id: UUID, by: User, at: datetime) -> Report:
    """Look at a version with every check of its design and keep the findings in place of those kept before."""
    version = PlanVersion.objects.select_related("plan").get(pk=version_id)
    report = version_report(version=version, at=at)
    findings_keep(table=VERSION_TABLE, subject_id=version.pk, found=report.findings, at=at)
    return report


def version_hold_blocked(*, version: PlanVersion, stage: Stage, at: datetime, act_words: str) -> None:
    """
    Refuse an act while a check blocks the version; otherwise keep what was found. Part of the act that calls it.

    :raises DesignBlocked: naming each block with its sentence.
    """
    asked = Stage.HISTORY if version.loading == Loading.HISTORY else stage
    report = version_report(version=version, at=at, stage=asked)
    waived = _waived(version)
    blocks = [
        found
        for found in report.blocks
        if found.kept_as not in waived and found.rule not in SAID_BY_PUBLISHING
    ]
    if blocks:
        said = Listing((_block_said(found) for found in blocks[:8]), " ")
        raise DesignBlocked(
            "%(version)s cannot be %(act_words)s: %(said)s Mend the plan, or have it let stand "
            "with a reason (`manage.py plans waive`).",
            version=version,
            act_words=act_words,
            said=said,
        )
    findings_keep(table=VERSION_TABLE, subject_id=version.pk, found=report.findings, at=at)


def _block_said(found: Found) -> Sentence:
    place = f" ({found.at})" if found.at else ""
    return Sentence("%(rule)s%(place)s: %(said)s", rule=found.rule, place=place, said=found.message)


def findings_keep(*, table: str, subject_id: UUID, found: Iterable[Found], at: datetime) -> list[Finding]:
    """
    Keep findings of checks on their subject in place of the open ones; what was let stand stays as it is.

    What is said to HR and legal alone is not kept: it is found anew whenever they look.
    """
    kept = Finding.objects.filter(subject_table=table, subject_id=str(subject_id), rule__in=RULES)
    kept.filter(status=FindingStatus.OPEN).delete()
    waived = set(kept.filter(status=FindingStatus.WAIVED).values_list("message", flat=True))
    return Finding.objects.bulk_create(
        _row(table, subject_id, one, at)
        for one in found
        if one.kept_as not in waived and not RULES[one.rule].for_hr
    )


@act
def findings_waive(
    *, version_id: UUID, rule: str, reason: str, by: User, at: datetime, about: str = ""
) -> list[Finding]:
    """
    Let a rule's findings on a version stand, or the one about somebody; each is kept with who, when and why.

    :raises ReasonMissing: if no reason is given.
    :raises CheckUnknown: if there is no such rule, or it finds nothing there.
    :raises NotToBeWaived: if findings of the rule have to be mended.
    :raises RoleMissing: naming the roles whose word lets it stand.
    :raises PreparerCannotWaive: if it blocks, and `by` prepared the version.
    """
    rows = PlanVersion.objects.select_for_update(of=("self",), no_key=True).select_related("plan")
    version = rows.get(pk=version_id)
    return findings_let_stand(version=version, rule=rule, reason=reason, by=by, at=at, about=about)


def findings_let_stand(
    *, version: PlanVersion, rule: str, reason: str, by: User, at: datetime, about: str = ""
) -> list[Finding]:
    """Let findings on a version stand, or on the one a working draft will be. Part of the act that calls it."""
    if not reason.strip():
        raise ReasonMissing("Say why %(rule)s may stand on %(version)s.", rule=rule, version=version)
    found = _found(version=version, rule=rule, about=about, at=at)
    roles = [Role(waiver) for waiver in RULES[rule].waived_by]
    if not roles:
        raise NotToBeWaived(
            "%(rule)s has to be mended, nobody can let it stand: %(message)s",
            rule=rule,
            message=found[0].message,
        )
    role_check(user=by, roles=roles, on=at.date(), act=Sentence("Letting %(rule)s stand", rule=rule))
    blocks = any(one.severity is Severity.BLOCKS for one in found)
    if blocks and by.pk in (version.prepared_by_id, version.created_by_id):
        raise PreparerCannotWaive(
            "%(by)s prepared %(version)s; a second person lets %(rule)s stand.",
            by=by,
            version=version,
            rule=rule,
        )
    messages = [one.kept_as for one in found]
    open_rows = Finding.objects.filter(
        subject_table=VERSION_TABLE, subject_id=str(version.pk), rule=rule, status=FindingStatus.OPEN
    )
    open_rows.filter(message__in=messages).delete()
    rows = [_row(VERSION_TABLE, version.pk, one, at) for one in found]
    for row in rows:
        row.status, row.settled_by, row.settled_at, row.settled_reason = FindingStatus.WAIVED, by, at, reason
    return Finding.objects.bulk_create(rows)


def _found(*, version: PlanVersion, rule: str, about: str, at: datetime) -> list[Found]:
    if rule not in RULES:
        raise CheckUnknown("There is no check %(rule)s; docs/reference/checks.md lists them.", rule=rule)
    report = version_report(version=version, at=at, stage=Stage.PUBLISHING)
    waived = _waived(version)
    found = [one for one in report.of(rule) if one.kept_as not in waived and about in ("", one.about)]
    if not found:
        whom = Sentence(" about %(about)s", about=about) if about else ""
        raise CheckUnknown(
            "%(rule)s finds nothing%(whom)s on %(version)s that is not let stand already.",
            rule=rule,
            whom=whom,
            version=version,
        )
    return found


def _waived(version: PlanVersion) -> set[str]:
    rows = Finding.objects.filter(
        subject_table=VERSION_TABLE, subject_id=str(version.pk), rule__in=RULES, status=FindingStatus.WAIVED
    )
    return set(rows.values_list("message", flat=True))


def _row(table: str, subject_id: UUID, found: Found, at: datetime) -> Finding:
    for_hr = RULES[found.rule].for_hr
    return Finding(
        subject_table=table,
        subject_id=str(subject_id),
        rule=found.rule,
        message=found.kept_as,
        value="" if for_hr else shown(found.value, found.unit)[:200],
        limit="" if for_hr else shown(found.limit, found.unit)[:200],
        severity=Stored(found.severity),
        status=FindingStatus.OPEN,
        found_at=at,
    )
