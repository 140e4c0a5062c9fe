"""The pool in a real browser: by keyboard with scripts, by form without, and on a phone."""

import pytest
from playwright.sync_api import expect

SOFIA = "Amount for Sofia Marques in EUR"


@pytest.fixture
def path(demo):
    with demo.seat("ingrid.solheim") as seat:
        seat.go("/pools?period=2026-Q3")
        return seat.page.locator("tbody a").first.get_attribute("href")


def left_becomes(seat, amount):
    expect(seat.page.locator("#left")).to_have_text(amount)


def left(seat):
    return seat.page.locator("#left").inner_text()


class TestSheet:
    def test_is_worked_by_keyboard_and_undone(self, demo, path):
        with demo.seat("ingrid.solheim") as seat:
            seat.go(path)
            before = left(seat)
            demo.keep(seat, "pool-allocation")
            sofia = seat.page.get_by_label(SOFIA)
            sofia.fill("5%")
            sofia.press("Enter")
            left_becomes(seat, "€80.65")

            expect(seat.page.get_by_label(SOFIA)).to_have_value("987.35")
            expect(seat.page.get_by_label("Amount for Jonas Lindqvist in EUR")).to_be_focused()
            seat.page.keyboard.press("Control+z")
            left_becomes(seat, before)
            assert before == "€1,068.00"
            assert seat.page.get_by_label(SOFIA).input_value() == ""
            assert not seat.complaints

    def test_is_kept_while_one_types_and_undone_in_one_step(self, demo, path):
        with demo.seat("ingrid.solheim") as seat:
            seat.go(path)
            sofia = seat.page.get_by_label(SOFIA)
            sofia.focus()
            for key, amount in (("5", "€1,063.00"), ("0", "€1,018.00")):
                seat.page.keyboard.press(key)
                left_becomes(seat, amount)

            expect(seat.page.get_by_label(SOFIA)).to_be_focused()
            expect(seat.page.get_by_label(SOFIA)).to_have_value("50")
            seat.page.keyboard.press("Control+z")
            left_becomes(seat, "€1,068.00")
            expect(seat.page.get_by_label(SOFIA)).to_have_value("")
            assert not seat.complaints

    def test_lays_beside_mine_what_somebody_else_keeps_meanwhile(self, demo, path):
        with demo.seat("ingrid.solheim") as one, demo.seat("ingrid.solheim") as two:
            two.go(path)
            one.go(path)
            one.page.get_by_label(SOFIA).fill("100")
            left_becomes(one, "€968.00")
            two.page.get_by_label(SOFIA).fill("200")

            beside = two.page.get_by_role("table", name="Yours beside theirs")
            expect(beside).to_contain_text("200")
            expect(beside).to_contain_text("100.00")
            two.page.get_by_role("link", name="Take theirs").click()
            left_becomes(two, "€968.00")
            two.page.locator("#undo").click()
            left_becomes(two, "€1,068.00")

    def test_keeps_what_was_typed_and_says_what_is_wrong(self, demo, path):
        with demo.seat("ingrid.solheim") as seat:
            seat.go(path)
            seat.page.get_by_label(SOFIA).fill("a lot")
            seat.page.get_by_label(SOFIA).press("Tab")
            seat.page.get_by_text("is not an amount").wait_for()

            assert seat.page.get_by_label(SOFIA).input_value() == "a lot"
            assert left(seat) == "€1,068.00"

    def test_takes_a_pasted_column(self, demo, path):
        with demo.seat("ingrid.solheim") as seat:
            seat.go(path)
            seat.page.get_by_label(SOFIA).focus()
            seat.page.evaluate(
                """() => {
                    const data = new DataTransfer();
                    data.setData("text", "1,000.00\\n2,172.18\\n1,777.24\\n");
                    document.activeElement.dispatchEvent(
                        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
                }"""
            )
            left_becomes(seat, "€68.00")
            seat.page.locator("#undo").click()
            left_becomes(seat, "€1,068.00")

    def test_works_without_scripts(self, demo, path):
        with demo.seat("ingrid.solheim", scripts=False) as seat:
            seat.go(path)
            seat.page.get_by_label(SOFIA).fill("1068")
            seat.page.get_by_role("button", name="Save").last.click()
            whole = left(seat)
            seat.page.get_by_role("button", name="Undo").first.click()

            assert whole == "€0.00"
            assert left(seat) == "€1,068.00"

    def test_is_cards_on_a_phone(self, demo, path):
        with demo.seat("ingrid.solheim", size="phone") as seat:
            seat.go(path)
            demo.keep(seat, "pool-allocation")

            assert seat.sideways() <= 0
            assert seat.page.get_by_label(SOFIA).bounding_box()["height"] >= 40
            assert seat.page.get_by_role("button", name="Review, submit").is_visible()

    def test_leads_to_the_review(self, demo, path):
        with demo.seat("ingrid.solheim") as seat:
            seat.go(path)
            seat.page.get_by_role("button", name="Review and submit").click()
            seat.page.wait_for_url("**/submit")

            assert seat.page.get_by_text("It cannot be handed in yet.").is_visible()
            assert seat.page.get_by_role("button", name="Hand in to Anders Vik").is_disabled()
