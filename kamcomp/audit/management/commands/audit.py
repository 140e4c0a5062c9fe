"""`manage.py audit`: seal the trail, and verify it against its seals and an anchor."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kamcomp.audit import selectors, services
from kamcomp.terminal import console_on


class Command(BaseCommand):
    help = "Seal the audit trail, or verify that nobody changed it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("seal", help="seal every entry that no seal covers yet")
        verify = acts.add_parser("verify", help="name every entry and seal that is not as it was sealed")
        verify.add_argument(
            "--anchor", default="", help="a digest printed by an export; a seal must carry it"
        )

    def handle(self, *args: object, **options: object) -> None:
        getattr(self, f"audit_{options['act']}")(options)

    def audit_seal(self, options: dict) -> None:
        entries = services.audit_seal(at=timezone.now())
        console_on(self.stdout).print(f"Sealed {entries} entries; the anchor is {selectors.audit_anchor()}.")

    def audit_verify(self, options: dict) -> None:
        faults = list(selectors.audit_faults(anchor=options["anchor"]))
        if faults:
            raise CommandError("The audit trail was changed:\n" + "\n".join(str(fault) for fault in faults))
        unsealed = selectors.audit_unsealed()
        console_on(self.stdout).print(
            f"The audit trail is as it was sealed, up to the anchor {selectors.audit_anchor() or '(no seal yet)'};"
            f" {unsealed} entries wait for the next seal."
        )
