"""The site's loader: it brings figures to life as they come near, and says in words what stops one."""

import functools
import html
import json
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from book_site.live_figures import copy_bundles, missing_bundles
from conftest import QuietHandler
from places import ROOT
from playwright.sync_api import Browser, Locator, Page, expect

LOADER = ROOT / "book" / "_static" / "figure_loader.js"
COUNTER = """
export default {
  render({ model, el }) {
    const text = el.appendChild(document.createElement("output"));
    const button = el.appendChild(document.createElement("button"));
    const draw = () => {
      text.textContent = `${model.get("alt")}: ${model.get("state").count}, ${model.get("weights")?.byteLength}`;
    };
    button.addEventListener("click", () => {
      if (model.get("state").count === 2) model.off("change:state", draw);
      model.set("state", { count: model.get("state").count + 1 });
      model.save_changes();
    });
    model.on("change:state", draw);
    draw();
    el.dataset.state = "ready";
  },
};
"""


def placeholder(name: str, count: int = 0, *, state: str | None = None, weights: str = "") -> str:
    given = state if state is not None else json.dumps({"alt": "a <b>", "state": {"count": count}})
    wanted = f' data-weights="{html.escape(weights)}"' if weights else ""
    return (
        f'<div class="attn-figure" data-figure="{name}" data-state="waiting"{wanted}>'
        f'<script type="application/json" class="state">{given}</script>'
        '<div class="poster" role="img" aria-label="a picture">a poster</div></div>'
    )


@pytest.fixture
def open_with(tmp_path: Path, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a small site with these placeholders; `page.problems` lists what its console and its errors say."""
    static = tmp_path / "_static"
    (static / "figures" / "weights").mkdir(parents=True)
    (static / "figure_loader.js").write_bytes(LOADER.read_bytes())
    (static / "figures" / "counter.mjs").write_text(COUNTER)
    (static / "figures" / "broken.mjs").write_text("export default {")
    (static / "figures" / "throwing.mjs").write_text('export default { render() { throw new Error("no <i>"); } };')
    (static / "figures" / "weights" / "five.safetensors").write_bytes(b"12345")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def open_page(*placeholders: str, from_disk: bool = False, cut_off: str = "") -> Page:
        content = "<h1>Title</h1>" + "".join(placeholders) + "<p id=end>The end</p>"
        loader = '<script defer src="../_static/figure_loader.js"></script>'
        head = f'<meta charset="utf-8"><link rel="icon" href="data:,">{loader}'
        (tmp_path / "part").mkdir(exist_ok=True)
        (tmp_path / "part" / "page.html").write_text(f"<!doctype html><head>{head}</head><body>{content}</body>")
        page = browser.new_page()
        if cut_off:
            page.route(cut_off, lambda route: route.abort("connectionreset"))
        page.problems = []
        page.on("console", lambda message: page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"{tmp_path.as_uri() if from_disk else f'http://127.0.0.1:{server.server_port}'}/part/page.html")
        return page

    yield open_page
    server.shutdown()
    server.server_close()


def figures(page: Page) -> list[Locator]:
    return page.locator(".attn-figure").all()


def test_each_figure_has_its_own_state(open_with: Callable[..., Page]) -> None:
    page = open_with(placeholder("counter", 0), placeholder("counter", 1, weights="five.safetensors"))
    first, second = figures(page)
    expect(first.locator("output")).to_have_text("a <b>: 0, undefined")
    expect(second.locator("output")).to_have_text("a <b>: 1, 5")
    for expected in (1, 2, 2):  # the third press is not heard: the figure has stopped listening
        first.locator("button").click()
        expect(first.locator("output")).to_have_text(f"a <b>: {expected}, undefined")
    expect(second.locator("output")).to_have_text("a <b>: 1, 5")
    assert page.problems == []


FAULTS = {
    "no such module": (placeholder("missing"), "Its program did not arrive."),
    "a module that is cut off": (placeholder("broken"), "Its program did not arrive."),
    "no such weights": (placeholder("counter", weights="no.safetensors"), "(no.safetensors) did not arrive."),
    "weights with markup in their name": (placeholder("counter", weights="<img src=x>"), "(<img src=x>) did not"),
    "state that is no JSON": (placeholder("counter", state='{"alt": '), "Its state cannot be read."),
    "a figure that throws": (placeholder("throwing"), "no <i>"),
    "no state": (placeholder("counter").replace('class="state"', ""), "Its state cannot be read."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_stops_a_figure_is_said_and_the_page_stays_whole(open_with: Callable[..., Page], fault: str) -> None:
    markup, words = FAULTS[fault]
    page = open_with(markup, placeholder("counter", 7))
    stopped, alive = figures(page)
    expect(stopped).to_have_attribute("data-state", "error")
    expect(stopped.get_by_role("alert")).to_contain_text(words)
    expect(stopped.get_by_text("a poster")).to_be_visible()
    expect(alive.locator("output")).to_have_text("a <b>: 7, undefined")
    expect(page.locator("#end")).to_be_visible()
    assert page.locator("img, i, b").count() == 0
    # What the network itself logs, and nothing more.
    assert [text for text in page.problems if "Failed to load resource" not in text] == []


def test_weights_that_are_cut_off_are_said(open_with: Callable[..., Page]) -> None:
    page = open_with(placeholder("counter", weights="five.safetensors"), cut_off="**/five.safetensors")
    expect(page.locator(".attn-figure")).to_have_attribute("data-state", "error")
    expect(page.get_by_role("alert")).to_contain_text("Its weights (five.safetensors) did not arrive.")


def test_a_figure_far_away_waits(open_with: Callable[..., Page]) -> None:
    far = '<div style="height: 6000px"></div>'
    page = open_with(placeholder("counter"), far, placeholder("counter"))
    near, away = figures(page)
    expect(near).to_have_attribute("data-state", "ready")
    expect(away).to_have_attribute("data-state", "waiting")
    away.scroll_into_view_if_needed()
    expect(away).to_have_attribute("data-state", "ready")


def test_from_disk_the_poster_stands_and_nothing_is_logged(open_with: Callable[..., Page]) -> None:
    page = open_with(placeholder("counter"), from_disk=True)
    page.wait_for_timeout(500)
    (figure,) = figures(page)
    expect(figure).to_have_attribute("data-state", "waiting")
    expect(figure.get_by_role("img", name="a picture")).to_be_visible()
    assert page.problems == []


def test_the_loader_leaves_no_name_behind(open_with: Callable[..., Page]) -> None:
    page = open_with(placeholder("counter"))
    expect(page.locator(".attn-figure")).to_have_attribute("data-state", "ready")
    names = "Object.keys(window)"
    there = set(page.evaluate(names))
    page.goto(page.url.replace("part/page.html", "_static/figures/counter.mjs"))
    assert there == set(page.evaluate(names))


def test_bundles_are_copied_and_the_missing_ones_named(tmp_path: Path) -> None:
    source, static = tmp_path / "source", tmp_path / "_static"
    for name in ("bundles/a.mjs", "bundles/a.json", "bundles/figure.css", "weights/w.safetensors", "weights/w.json"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    copy_bundles(source, static)
    there = {str(file.relative_to(static)) for file in static.rglob("*") if file.is_file()}
    assert there == {"figures/a.mjs", "figures/weights/w.safetensors"}
    (source / "bundles" / "a.mjs").rename(source / "bundles" / "b.mjs")
    copy_bundles(source, static)
    assert not (static / "figures" / "a.mjs").exists()

    assert missing_bundles(placeholder("b", weights="w.safetensors"), static) == []
    assert missing_bundles(placeholder("a"), static) == ["figure 'a' needs a.mjs"]
    assert missing_bundles(placeholder("b", weights="v"), static) == ["figure 'b' needs weights/v"]
