"""
A period from an uploaded file to the file of what is paid, each act in the browser by whose it is.

Maren imports a late invoice and runs the quarter again; Anders reviews; Ingrid hands in Meridian's pool (the thirteen
other key account managers, who are no personas, take the guideline by the same services); Anders approves the pools he
has to; Jonas approves and locks, is told who has no payroll number, and makes the register; Ingrid's statement is final
and still derives to the cent. At the end a visitor starts the demo over, which takes all of it back: the tests that
follow meet the company as it was loaded.
"""

import csv
import io
import re

from playwright.sync_api import expect

INVOICE = (
    "source_id,line,date,account_code,segment,product,revenue,currency\n"
    "88990,1,2026-09-29,MERIDIAN-SOUTH,,HX-300,1000.00,EUR\n"
)
OTHERS = """
import django
django.setup()
from django.utils import timezone
from payouts.models import Pool
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.pools import pool_approve
from kamcomp.identity.models import User
anders = User.objects.get(username="anders.vik")
for pool in Pool.objects.filter(period__code="2026-Q3").exclude(account__node__code="MERIDIAN"):
    by = pool.allocator.user
    allocation_guideline(pool_id=pool.pk, version=pool.version, by=by, at=timezone.now())
    pool.refresh_from_db()
    allocation_submit(pool_id=pool.pk, version=pool.version, by=by, at=timezone.now())
    pool_approve(pool_id=pool.pk, by=anders, at=timezone.now())
"""


SOFIA = "Amount for Sofia Marques in EUR"


def press(seat, name):
    seat.page.get_by_role("button", name=name).first.click()


def meridian(seat):
    seat.go("/pools?period=2026-Q3")
    seat.page.get_by_role("link", name="Meridian Retail Group").first.click()
    seat.page.locator("#left").wait_for()


def run_page(seat):
    seat.go("/runs")
    current = seat.page.locator("tbody tr", has_text="2026-Q3").filter(has_not_text="Superseded")
    current.get_by_role("link").first.click()


def imported_and_run_again(demo):
    with demo.seat("maren.holt") as seat:
        seat.go("/imports/new")
        seat.page.get_by_label("What it holds").select_option("transactions")
        invoice = {"name": "invoice-88990.csv", "mimeType": "text/csv", "buffer": INVOICE.encode()}
        seat.page.get_by_label("File", exact=True).set_input_files(invoice)
        press(seat, "Look at it")
        if seat.page.url.endswith("/columns"):
            seat.page.locator("main form button.main").click()
        press(seat, "Commit 1 row")
        seat.page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}$"))
        run_page(seat)
        press(seat, "Run again")
        expect(seat.page.get_by_text("The first approval fixes results")).to_be_visible(timeout=180_000)
        assert not seat.page.get_by_role("button", name="Review and fund the pools").is_visible()
        demo.keep(seat, "journey-run")


def reviewed(demo):
    with demo.seat("anders.vik") as seat:
        run_page(seat)
        press(seat, "Review and fund the pools")
        expect(seat.page.get_by_text("14 pools are not approved yet")).to_be_visible()


def handed_in(demo):
    with demo.seat("ingrid.solheim") as seat:
        meridian(seat)
        if seat.page.locator("#left").inner_text() != "€0.00":
            press(seat, "Spread the rest")
            expect(seat.page.locator("#left")).to_have_text("€0.00")
        press(seat, "Review and submit")
        seat.page.wait_for_url("**/submit")
        press(seat, "Hand in to Anders Vik")
        seat.page.wait_for_url(re.compile(r"/pools/[0-9a-f-]{36}$"))
        assert not seat.page.get_by_role("button", name="Spread the rest").is_visible()


def pools_approved(demo):
    done = demo.system.command("python", "-c", OTHERS, DJANGO_SETTINGS_MODULE="kamcomp.settings")
    assert done.returncode == 0, done.stderr
    with demo.seat("anders.vik") as seat:
        meridian(seat)
        press(seat, "Approve the allocation")
        run_page(seat)
        expect(seat.page.get_by_text("Every pool is approved.").first).to_be_visible()
        assert not seat.page.get_by_role("button", name="Approve", exact=True).is_visible()


def approved_and_locked(demo):
    with demo.seat("jonas.berg") as seat:
        seat.go("/closing")
        press(seat, "Approve 2026-Q3")
        seat.page.get_by_label("Type 2026-Q3").fill("2026-Q2")
        press(seat, "Lock 2026-Q3")
        expect(seat.page.get_by_label("Type 2026-Q3")).to_have_value("2026-Q2")
        seat.page.get_by_label("Type 2026-Q3").fill("2026-Q3")
        press(seat, "Lock 2026-Q3")
        seat.page.wait_for_url("**/exports*", timeout=180_000)
        run_page(seat)
        expect(seat.page.get_by_text("Locked", exact=True).first).to_be_visible()
        demo.keep(seat, "journey-locked")


def checked_first(seat, profile):
    seat.go("/exports")
    ask = seat.page.get_by_role("region", name="Make a file")
    ask.get_by_label("Period").select_option(label="2026-Q3 no. 3")
    ask.get_by_label("Profile").select_option(label=profile)
    press(seat, "Check first")
    seat.page.wait_for_url("**/exports/make*")


def register_file(demo):
    """Return the rows of the register, taken twice: the same bytes; payroll's file waits for a number."""
    with demo.seat("jonas.berg") as seat:
        checked_first(seat, "Payroll")
        expect(seat.page.locator("main")).to_contain_text("Piotr Zielinski")
        assert seat.page.get_by_role("button", name="Make the file").is_disabled()
        checked_first(seat, "Payout register")
        press(seat, "Make the file")
        link = seat.page.locator("a[href*='/download']").first
        link.wait_for(timeout=180_000)
        with seat.page.expect_download() as first:
            link.click()
        with seat.page.expect_download() as second:
            link.click()
        files = [each.value.path().read_bytes() for each in (first, second)]
        assert files[0] == files[1]
        return list(csv.DictReader(io.StringIO(files[0].decode("utf-8-sig"))))


def test_from_an_invoice_to_the_register(demo):
    imported_and_run_again(demo)
    reviewed(demo)
    handed_in(demo)
    pools_approved(demo)
    approved_and_locked(demo)
    rows = register_file(demo)

    assert len(rows) > 100
    # 4,213,000 with the invoice, of 3,900,000: the curve pays 124.0769 % of 2,400.00.
    assert ("HC-1001", "REV", "2977.85") in {(row["employee_id"], row["line"], row["amount"]) for row in rows}
    with demo.seat("ingrid.solheim") as seat:
        seat.go("/statements")
        paid = seat.page.locator("main").inner_text()
        seat.page.get_by_role("link", name=re.compile("Work .* out again")).first.click()
        expect(seat.page.get_by_text("Worked out again just now, and equal to the cent.")).to_be_visible()
    assert "Reviewed, not yet final" not in paid


def test_a_disputed_line_becomes_a_correction(demo):
    with demo.seat("ingrid.solheim") as seat:
        seat.go("/statements")
        seat.page.get_by_role("link", name="Ask or dispute").first.click()
        asked = seat.page.locator("#dialog-body")
        asked.get_by_role("radio", name="Dispute").check()
        asked.get_by_role("textbox").first.fill("An invoice of July is missing")
        asked.locator("[name=claimed]").fill("200.00")
        press(seat, "Send")
        seat.page.wait_for_url("**/disputes/*")
        case = seat.page.url.removeprefix(seat.base)
    with demo.seat("jonas.berg") as seat:
        seat.go(case)
        expect(seat.page.get_by_text("Worked out again just now")).to_be_visible()
        seat.page.locator("[name=answer]").fill("Three quarters of it were missing")
        seat.page.locator("[name=amount]").fill("150.00")
        press(seat, "Uphold and propose the adjustment")
        seat.page.get_by_role("link", name="Open the adjustment").click()
        assert not seat.page.get_by_role("button", name="Approve").is_visible()
        correction = seat.page.url.removeprefix(seat.base)
    with demo.seat("anders.vik") as seat:
        seat.go(correction)
        press(seat, "Approve")
        expect(seat.page.get_by_text("Approved", exact=True).first).to_be_visible()
        demo.keep(seat, "journey-corrected")
    with demo.seat("ingrid.solheim") as seat:
        seat.go(case)
        expect(seat.page.locator("main")).to_contain_text("Partly upheld")
        expect(seat.page.locator("main")).to_contain_text("Three quarters of it were missing")
        expect(seat.page.locator("main")).to_contain_text("+€150.00")


def test_starting_over_takes_all_of_it_back(demo):
    before = demo.sessions
    with demo.seat("jonas.berg") as seat:
        seat.go("/closing")
        assert not seat.page.get_by_role("button", name="Approve 2026-Q3").is_visible()

    demo.start_over()

    with demo.seat("") as seat:
        seat.go("/demo")
        press(seat, "Enter as Ingrid Solheim")
        meridian(seat)
        expect(seat.page.locator("#left")).to_have_text("€1,068.00")
        assert seat.page.get_by_label(SOFIA).input_value() == ""
    assert not set(before.values()) & set(demo.sessions.values())
