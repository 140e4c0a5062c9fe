"""A point of a curve is dragged or typed in the designer, and the cost of the last locked periods follows."""

from urllib.parse import unquote

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


def drafted(seat):
    """Open a copy of the first plan as a draft, and wait for the cost beside it."""
    seat.go("/plans?type=team_performance")
    seat.page.locator("#list tbody a").first.click()
    seat.page.get_by_role("link", name="Copy to a draft").click()
    seat.page.locator("main form button.main").click()
    expect(seat.page.locator("#past-figures dl")).to_be_visible()
    return seat.page


def pays_of(page, point):
    """Return the field of what a point of the open curve pays."""
    return page.locator(f"#{page.locator('.curve-grip').nth(point).get_attribute('data-pays')}")


def raised(field, by):
    """Return what a field says, by so much more."""
    return f"{float(field.input_value()) + by:g}"


def is_sent(route):
    """Tell whether a form is posted."""
    return route.request.method == "POST"


def test_a_dragged_point_is_kept_and_the_cost_follows(demo):
    with demo.seat("maren.holt") as seat:
        page = drafted(seat)
        grip = page.locator(".curve-grip").nth(1)
        pays = pays_of(page, 1)
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


def test_the_cost_is_always_of_what_stands_typed(demo):
    with demo.seat("maren.holt") as seat:
        page = drafted(seat)
        figures, cost = page.locator("#past-figures"), page.locator("#past-figures dl")
        second, first, kept = pays_of(page, 1), pays_of(page, 0), cost.text_content()
        before = second.input_value()

        second.fill(raised(second, 20))
        expect(figures).to_contain_text("not kept yet")
        assert cost.text_content() != kept
        second.fill(before)
        expect(figures).not_to_contain_text("not kept yet")
        assert cost.text_content() == kept

        held = []
        page.route(
            "**/plans/drafts/*", lambda route: held.append(route) if is_sent(route) else route.continue_()
        )
        second.fill(raised(second, 20))
        with page.expect_request(lambda request: request.method == "POST"):
            second.press("Enter")
        name = first.get_attribute("name")
        with page.expect_request(lambda request: name in unquote(request.url)):
            first.fill(raised(first, 5))
        with page.expect_request(lambda request: "/past" in request.url) as after:
            held.pop().continue_()
        assert name in unquote(after.value.url), "the answer to what was kept forgot what is typed"
        expect(page.locator('#designer [name="step"]')).to_have_value("1")
        expect(figures).to_contain_text("not kept yet")
        assert first.input_value() != first.get_attribute("value")
        assert seat.complaints == []
