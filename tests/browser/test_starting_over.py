"""Starting the demo over in the browser: what somebody changed is taken back, and everybody enters anew."""

from playwright.sync_api import expect

SOFIA = "Amount for Sofia Marques in EUR"


def test_takes_back_what_was_changed(demo):
    with demo.seat("ingrid.solheim") as seat:
        seat.go("/pools?period=2026-Q3")
        seat.page.locator("tbody a").first.click()
        path = seat.page.url.removeprefix(seat.base)
        seat.page.get_by_label(SOFIA).fill("68")
        seat.page.get_by_label(SOFIA).press("Enter")
        expect(seat.page.locator("#left")).to_have_text("€1,000.00")
        before = demo.sessions

    demo.start_over()

    with demo.seat("") as seat:
        seat.go("/demo")
        seat.page.get_by_role("button", name="Enter as Ingrid Solheim").click()
        seat.page.goto(seat.base + path)
        expect(seat.page.locator("#left")).to_have_text("€1,068.00")
    assert not set(before.values()) & set(demo.sessions.values())
