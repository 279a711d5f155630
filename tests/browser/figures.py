"""What the tests of the live figures share."""

import json
import re
from collections.abc import Mapping

from playwright.sync_api import Browser, Locator, Page, Route, expect


def open_figure(
    browser: Browser, address: str, name: str, *, changes: Mapping[str, object] | None = None, **options: object
) -> Locator:
    """Open a page and wait until its figure is alive, or has said what is wrong.

    Args:
        browser: the browser.
        address: of the page.
        name: of the figure.
        changes: to the state that stands in the page.
        options: of the browser's context, such as `viewport`.

    Returns:
        The figure.
    """
    page = browser.new_context(**options).new_page()
    if changes is not None:
        page.route(address, lambda route: _fulfil_changed(route, name, changes))
    page.goto(address)
    figure = page.locator(f'[data-figure="{name}"]').first
    figure.scroll_into_view_if_needed()
    expect(figure).not_to_have_attribute("data-state", "waiting")
    return figure


def assert_refused(
    browser: Browser, address: str, name: str, changes: Mapping[str, object], named: str, **options: object
) -> None:
    """A figure says in a few words of plain text what is wrong with its state, and its poster stays."""
    figure = open_figure(browser, address, name, changes=changes, **options)
    expect(figure).to_have_attribute("data-state", "error")
    problem = figure.locator(".problem")
    expect(problem).to_contain_text(named)
    assert len(problem.inner_text()) < 400
    assert problem.locator("*").count() == 0
    expect(figure.locator(".poster svg").first).to_be_visible()
    expect(figure.locator(".stage")).to_be_hidden()
    figure.page.context.close()


def numbers(figure: Locator, prefix: str) -> dict[str, float]:
    """The numbers shown, in full precision, whose `data-name` starts with the prefix."""
    read = "nodes => nodes.map(node => [node.dataset.name, Number(node.dataset.value)])"
    return dict(figure.locator(f'.stage [data-name^="{prefix}"]').evaluate_all(read))


def drag(page: Page, handle: Locator, right: float, down: float, *, button: str = "left") -> None:
    """Drag a handle with the mouse by so many pixels."""
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up(button=button)


def swipe(page: Page, handle: Locator, right: float, down: float) -> None:
    """Drag a handle with a finger by so many pixels; the page's context has `has_touch`."""
    x, y = middle(handle)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": left, "y": top} for left, top in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x + right * step / 5, y + down * step / 5))
    touch("touchEnd")
    session.detach()


def middle(handle: Locator) -> tuple[float, float]:
    """The middle of a handle's widest part, in the window."""
    handle.scroll_into_view_if_needed()
    box = handle.locator("circle").first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _fulfil_changed(route: Route, name: str, changes: Mapping[str, object]) -> None:
    """Answer with the page, the state of its figure changed."""
    response = route.fetch()
    opening = re.compile(rf'(data-figure="{name}".*?<script[^>]*>)', re.DOTALL)
    before, opened, rest = opening.split(response.text(), maxsplit=1)
    model, after = rest.split("</script>", 1)
    told = json.loads(model)
    changed = json.dumps({**told, "state": {**told["state"], **changes}}).replace("<", "\\u003c")
    route.fulfill(response=response, body=f"{before}{opened}{changed}</script>{after}")
