"""
Signing in as a person does, in a real browser: a password and a one-time code, and a passkey.

The passkey is made and used by Chromium's virtual authenticator, so the whole ceremony runs: the server's challenge,
the browser's answer for this origin, the signature that the server verifies. Browsers take http for it under the name
localhost alone.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time

import pytest
from playwright.sync_api import expect

PASSWORD = "a password of some length"
VERA = f"""
import django
django.setup()
from datetime import date
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
user_make(
    username=NAME, email=NAME + "@example.com", first_name="Vera", last_name="Lind", password={PASSWORD!r},
    roles=[Role.AUDITOR], since=date(2026, 1, 1), by=None)
"""
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(params=["vera.code", "vera.key"])
def vera(demo, request):
    """Make a user with a password, as the comp admin's command does, and return their name."""
    name = f"{request.param}.{secrets.token_hex(4)}"
    code = f"NAME = {name!r}\n{VERA}"
    done = demo.system.command("python", "-c", code, DJANGO_SETTINGS_MODULE="kamcomp.settings")
    assert done.returncode == 0, done.stderr
    return name


@pytest.fixture
def seat(demo):
    """Sit a visitor down at the address that browsers take for this machine's own name."""
    with demo.seat("") as seat:
        seat.base = seat.base.replace("127.0.0.1", "localhost")
        yield seat


def sign_in(seat, name):
    seat.go("/sign-in")
    seat.page.get_by_label("User name or e-mail").fill(name)
    seat.page.get_by_label("Password").fill(PASSWORD)
    seat.page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(seat):
    seat.page.context.clear_cookies()


def confirm(seat):
    """Give the password once more, which changing a second factor asks for."""
    if "/account/confirm" in seat.page.url:
        seat.page.get_by_label("Password").fill(PASSWORD)
        seat.page.locator("main form button").first.click()


def code_of(secret, *, step):
    """Return what an authenticator app shows (RFC 6238: SHA-1, six digits), so many half minutes from now."""
    counter = int(time.time()) // 30 + step
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.parametrize("vera", ["vera.code"], indirect=True)
def test_a_password_and_a_code_let_in(seat, vera):
    sign_in(seat, vera)
    expect(seat.page.locator(".you")).to_contain_text("Vera Lind")
    seat.go("/account/second-factor/totp/activate/")
    confirm(seat)
    secret = seat.page.locator("main code").inner_text()
    seat.page.locator("main input[name=code]").fill(code_of(secret, step=0))
    seat.page.locator("main form button").first.click()
    seat.page.wait_for_url(re.compile("recovery-codes|second-factor/$"))
    sign_out(seat)

    sign_in(seat, vera)
    asked = seat.page.locator("main input[name=code]")
    asked.wait_for()
    seat.go("/")
    assert not seat.page.locator(".you").is_visible(), "the password alone let in"
    sign_out(seat)
    sign_in(seat, vera)
    asked.fill("000000")
    seat.page.locator("main form button").first.click()
    expect(seat.page.locator("main")).to_contain_text(re.compile("[Ii]ncorrect code"))
    asked.fill(code_of(secret, step=1))
    seat.page.locator("main form button").first.click()

    expect(seat.page.locator(".you")).to_contain_text("Vera Lind")


@pytest.mark.parametrize("vera", ["vera.key"], indirect=True)
def test_a_passkey_is_made_and_lets_in(seat, vera):
    protocol = seat.page.context.new_cdp_session(seat.page)
    protocol.send("WebAuthn.enable")
    key = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    sign_in(seat, vera)
    expect(seat.page.locator(".you")).to_contain_text("Vera Lind")
    seat.go("/account/second-factor/webauthn/add/")
    confirm(seat)
    seat.page.locator("main input[name=name]").fill("Laptop")
    seat.page.locator("main input[name=passwordless]").check()
    seat.page.locator("main form button").first.click()
    seat.page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    (credential,) = protocol.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert (credential["rpId"], credential["signCount"]) == ("localhost", 1)
    sign_out(seat)

    seat.go("/sign-in")
    seat.page.get_by_role("button", name="Use a passkey").click()

    expect(seat.page.locator(".you")).to_contain_text("Vera Lind")
    assert not seat.complaints
    sign_out(seat)
    protocol.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    seat.go("/sign-in")
    seat.page.get_by_role("button", name="Use a passkey").click()
    seat.page.wait_for_timeout(500)
    assert not seat.page.locator(".you").is_visible(), "somebody without the key was let in"
