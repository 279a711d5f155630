"""Every page of the built site in a browser: served and from disk, wide and narrow, light and dark."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from attnbook.plots import COLORS
from book_site.theme_fixes import REPAIRS
from places import ROOT, SITE
from playwright.sync_api import Browser, Page, Request, TimeoutError

PAGES = sorted(
    str(page.relative_to(SITE)) for page in SITE.rglob("*.html") if "_static" not in page.relative_to(SITE).parts
)


class Setup(NamedTuple):
    origin: str
    width: int
    scheme: str


SETUPS = (Setup("http", 1280, "light"), Setup("http", 390, "dark"), Setup("file", 1280, "dark"))


@dataclass
class Opened:
    """A page in the browser, and what went wrong while it loaded."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.outside.append(request.url)


def open_page(browser: Browser, origin: str, path: str, setup: Setup) -> Opened:
    context = browser.new_context(viewport={"width": setup.width, "height": 900}, color_scheme=setup.scheme)
    opened = Opened(context.new_page(), origin)
    page = opened.page
    page.on("console", lambda message: message.type == "error" and opened.errors.append(message.text))
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("requestfailed", lambda request: opened.errors.append(f"failed: {request.url}"))
    page.on("request", opened.note_request)
    page.goto(f"{origin}/{path}")
    page.evaluate("window.MathJax && MathJax.startup.promise")
    page.wait_for_load_state("load")
    for frame in page.locator("iframe").all():  # lazy: it loads when it is seen, and "networkidle" may never come
        frame.scroll_into_view_if_needed()
        with suppress(TimeoutError):  # an empty frame has a test of its own
            frame.content_frame.locator("svg").first.wait_for(state="attached", timeout=15_000)
    page.wait_for_timeout(300)  # for what goes wrong late
    return opened


@pytest.fixture(
    scope="module",
    params=itertools.product(PAGES, SETUPS),
    ids=lambda given: f"{given[0]}-{given[1].origin}-{given[1].width}",
)
def opened(request: pytest.FixtureRequest, browser: Browser, addresses: dict[str, str]) -> Iterator[Opened]:
    path, setup = request.param
    result = open_page(browser, addresses[setup.origin], path, setup)
    yield result
    result.page.context.close()


def test_opens_without_an_error(opened: Opened) -> None:
    assert opened.errors == []


def test_asks_no_other_host(opened: Opened) -> None:
    assert opened.outside == []


def test_fits_the_width_of_the_screen(opened: Opened) -> None:
    needed, given = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert needed <= given


def test_all_math_is_typeset(opened: Opened) -> None:
    raw = "[...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container'))"
    assert opened.page.evaluate(f"{raw}.map(m => m.textContent)") == []
    assert opened.page.locator("mjx-merror").all_inner_texts() == []
    undrawn = "[...document.querySelectorAll('mjx-c')].filter(c => getComputedStyle(c, '::before').content === 'none')"
    assert opened.page.evaluate(f"{undrawn}.map(c => c.className)") == []


def test_every_frame_has_a_title_and_draws(opened: Opened) -> None:
    for frame in opened.page.locator("iframe").all():
        assert frame.get_attribute("title")
        shapes = frame.content_frame.locator("svg :is(line, rect, path)")
        shapes.first.wait_for(state="attached", timeout=15_000)
        assert shapes.count() > 1


def test_every_picture_is_there_and_described(opened: Opened) -> None:
    pictures = "[...document.querySelectorAll('.bd-article img')]"
    outputs = "[...document.querySelectorAll('.cell_output img')]"
    assert opened.page.evaluate(f"{outputs}.filter(i => i.loading !== 'lazy').map(i => i.src)") == []
    opened.page.evaluate(f"Promise.all({pictures}.map(i => (i.loading = 'eager', i.decode())))")
    kept = "i => i.getAttribute('width') != i.naturalWidth || i.getAttribute('height') != i.naturalHeight"
    assert opened.page.evaluate(f"{outputs}.filter({kept}).map(i => i.src)") == []
    assert opened.page.evaluate(f"{pictures}.filter(i => !i.alt.trim()).map(i => i.src)") == []


@pytest.mark.parametrize("origin", ["http", "file"])
def test_search_finds_a_page(browser: Browser, addresses: dict[str, str], origin: str) -> None:
    opened = open_page(browser, addresses[origin], "search.html?q=query", SETUPS[0])
    opened.page.locator("#search-results li a").first.wait_for(timeout=15_000)
    opened.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["query", "key", "value", "weight", "output"])
def test_the_named_colours_are_readable_as_text(
    browser: Browser, addresses: dict[str, str], scheme: str, name: str
) -> None:
    opened = open_page(browser, addresses["http"], "index.html", Setup("http", 1280, scheme))
    text, page = opened.page.evaluate(
        """name => {
            const span = document.querySelector("main").appendChild(document.createElement("span"));
            span.className = `attn-${name}`;
            return [getComputedStyle(span).color, getComputedStyle(document.body).backgroundColor]
                .map(colour => colour.match(/[0-9]+/g).slice(0, 3).map(Number));
        }""",
        name,
    )
    opened.page.context.close()
    light, dark = sorted((luminance(text), luminance(page)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_formulas_have_the_colours_of_the_figures(browser: Browser, addresses: dict[str, str], scheme: str) -> None:
    opened = open_page(browser, addresses["http"], "qkv/query_key_value.html", Setup("http", 1280, scheme))
    pairs = opened.page.evaluate(
        """colours => {
            const page = getComputedStyle(document.documentElement);
            const probe = document.querySelector("main").appendChild(document.createElement("span"));
            return Object.entries(colours).map(([name, written]) => {
                probe.style.color = page.getPropertyValue(`--attn-${name}`);
                const part = document.querySelector(`mjx-container [style*="${written}"]`);
                return [getComputedStyle(part).color, getComputedStyle(probe).color];
            });
        }""",
        COLORS,
    )
    opened.page.context.close()
    assert len(pairs) == 5
    assert all(formula == named for formula, named in pairs)


def luminance(colour: list[int]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("before", REPAIRS)
def test_every_repair_of_the_theme_still_finds_its_place(site: Path, before: str) -> None:
    built = "\n".join((site / page).read_text(encoding="utf-8") for page in PAGES)
    assert before not in built
    assert REPAIRS[before] in built


def test_the_site_has_every_page_with_math_frames_and_a_colab_button(site: Path) -> None:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    built = {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in [contents["root"], *chapters]}
    notebooks = [name for name in built if (ROOT / "book" / f"{name}.ipynb").exists()]
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    place = "/".join(repository["url"].split("/")[-2:])
    assert notebooks
    for name in notebooks:
        assert f"colab.research.google.com/github/{place}/blob/main/book/{name}.ipynb" in built[name]
        assert 'class="math' in built[name]
    assert "<iframe" in built["transformer/look_inside"]
