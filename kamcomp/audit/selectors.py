"""
Reads of the audit trail, and its verification against the seals.

A seal keeps the digest of each entry it covers, so that a changed, a missing and a slipped-in entry are each
named; the seals are chained, so that a changed or missing seal is named too; and the anchor, the last digest
as printed outside the database, shows a trail cut short.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from kamcomp.audit.models import AuditEvent, AuditSeal


@dataclass(frozen=True)
class AuditFault:
    """Something in the trail that is not as it was sealed."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def audit_anchor() -> str:
    """Return the digest of the last seal, which an export prints; empty before the first seal."""
    last = AuditSeal.objects.order_by("-id").values_list("digest", flat=True).first()
    return last or ""


def audit_unsealed() -> int:
    """Return how many entries no seal covers yet."""
    last = AuditSeal.objects.order_by("-id").values_list("last_event", flat=True).first()
    return AuditEvent.objects.filter(id__gt=last or 0).count()


def audit_faults(*, anchor: str = "") -> Iterator[AuditFault]:
    """
    Yield every entry and seal that is not as it was sealed, in order.

    `anchor` is a digest from an export: a seal must still carry it.
    """
    previous_digest, previous_event, anchored = "", 0, not anchor
    for seal in AuditSeal.objects.order_by("id").iterator(chunk_size=20):
        if seal.previous_digest != previous_digest:
            yield AuditFault(f"seal {seal.id}", "does not follow the seal before it; a seal was taken away")
        if seal.digest != _link(seal):
            yield AuditFault(f"seal {seal.id}", "was changed")
        yield from _entry_faults(seal=seal, after=previous_event)
        previous_digest, previous_event = seal.digest, seal.last_event
        anchored = anchored or seal.digest == anchor
    if not anchored:
        yield AuditFault("the trail", f"no seal carries the anchor {anchor}; its end was taken away")


def _entry_faults(*, seal: AuditSeal, after: int) -> Iterator[AuditFault]:
    sealed = dict(zip(seal.event_ids, seal.event_digests, strict=True))
    found = _digests(after=after, until=seal.last_event)
    for number in sorted(sealed.keys() | found.keys()):
        if number not in found:
            yield AuditFault(f"entry {number}", "was taken away")
        elif number not in sealed:
            yield AuditFault(f"entry {number}", "was slipped in after the seal")
        elif found[number] != sealed[number]:
            yield AuditFault(f"entry {number}", "was changed")


def _digests(*, after: int, until: int) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, audit_digest(entry) FROM audit_auditevent AS entry WHERE id > %s AND id <= %s",
            [after, until],
        )
        return dict(cursor.fetchall())


def _link(seal: AuditSeal) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_link(%s, %s::bigint[], %s::text[])",
            [seal.previous_digest, seal.event_ids, seal.event_digests],
        )
        (digest,) = cursor.fetchone()
    return digest
