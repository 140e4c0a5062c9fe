"""A point of a curve is dragged in the designer, and the cost of the last locked periods follows."""

from playwright.sync_api import expect

MOST_MS = 10_000
"""A bound for a busy machine; what a quiet one takes stands in docs/reference/performance.md."""
WATCHED = """() => {
  const text = () => (document.querySelector("#past-figures dl") || { textContent: "" }).textContent;
  let shown = text();
  new MutationObserver(() => {
    if (!text() || text() === shown) return;
    shown = text();
    window.followed = performance.now() - window.moved;
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("pointermove", () => { window.moved = performance.now(); }, { capture: true });
}"""


def test_a_dragged_point_is_kept_and_the_cost_follows(demo):
    with demo.seat("maren.holt") as seat:
        page = seat.page
        seat.go("/plans?type=team_performance")
        page.locator("#list tbody a").first.click()
        page.get_by_role("link", name="Copy to a draft").click()
        page.locator("main form button.main").click()
        expect(page.locator("#past-figures dl")).to_be_visible()
        grip = page.locator(".curve-grip").nth(1)
        pays = page.locator(f"#{grip.get_attribute('data-pays')}")
        before, cost = pays.input_value(), page.locator("#past-figures dl").text_content()
        page.evaluate(WATCHED)

        grip.scroll_into_view_if_needed()
        at = grip.bounding_box()
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 15, steps=3)
        page.keyboard.press("Escape")
        page.mouse.up()
        assert pays.input_value() == before
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 30, steps=5)
        dragged = pays.input_value()
        expect(page.locator("#past-figures dl")).not_to_have_text(cost)
        assert page.locator('#designer [name="step"]').input_value() == "0", "kept before it was let go"
        page.mouse.up()

        expect(page.locator('#designer [name="step"]')).to_have_value("1")
        assert float(dragged) > float(before)
        assert pays.input_value() == dragged
        took = page.evaluate("window.followed")
        assert 0 < took < MOST_MS, f"{took:.0f} ms from the last move of the point to its cost on screen"
        assert seat.complaints == []
