"""`manage.py api_keys`: make keys of the REST interface, list them, revoke one."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kamcomp.api import services
from kamcomp.api.models import ApiKey
from kamcomp.api.resources import all_scopes
from kamcomp.identity.selectors import user_named
from kamcomp.refusal import Refusal


class Command(BaseCommand):
    help = "Make keys of the REST interface, list them, revoke one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="make a key and print its secret, once")
        add.add_argument("user", help="whom it acts as: yourself, or a program")
        add.add_argument("--by", required=True, help="the compensation admin who makes it")
        add.add_argument("--name", required=True, help="what it is for")
        add.add_argument(
            "--scope",
            action="append",
            required=True,
            help="as payouts:read; `all` for every one, `read` for all reads",
        )
        add.add_argument("--days", type=int, default=90, help="how long it lasts (%(default)s)")
        acts.add_parser("list", help="list keys, without their secrets")
        revoke = acts.add_parser("revoke", help="end a key now")
        revoke.add_argument("prefix", help="how it begins: kc_live_abcdefgh")
        revoke.add_argument("--by", required=True, help="the compensation admin who revokes it")

    def handle(self, *args: object, **options: object) -> None:
        try:
            getattr(self, f"keys_{options['act']}")(options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def keys_add(self, options: dict) -> None:
        known = all_scopes()
        scopes = {scope for said in options["scope"] for scope in scopes_said(said, known)}
        key, secret = services.api_key_make(
            name=options["name"],
            user=user_named(options["user"]),
            scopes=scopes,
            known=known,
            days=options["days"],
            by=user_named(options["by"]),
            at=timezone.now(),
        )
        self.stdout.write(secret)
        self.stderr.write(
            f"{key.name} acts as {key.user} until {key.expires_at:%Y-%m-%d}. It is not shown again."
        )

    def keys_list(self, options: dict) -> None:
        for key in ApiKey.objects.select_related("user").order_by("created_at"):
            state = "revoked" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}"
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            self.stdout.write(f"{key.prefix}  {key.name}  as {key.user}  {state}  used {used}")

    def keys_revoke(self, options: dict) -> None:
        key = ApiKey.objects.filter(prefix=options["prefix"]).first()
        if key is None:
            raise CommandError(f"There is no key that begins with {options['prefix']!r}.")
        services.api_key_revoke(key_id=key.pk, by=user_named(options["by"]), at=timezone.now())
        self.stdout.write(f"{key.name} is revoked.")


def scopes_said(said: str, known: list[str]) -> list[str]:
    """Return the scopes that a word means: `all`, `read`, or one of them."""
    if said == "all":
        return known
    return [scope for scope in known if scope.endswith(":read")] if said == "read" else [said]
