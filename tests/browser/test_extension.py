"""The site's extension: every load from another host is seen, and a fault planted in a build stops it."""

import html
import re
from base64 import b64decode
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import chromium
import numpy as np
import pytest
from book_site import finish_site
from book_site.formulas import typeset
from book_site.outside_hosts import addresses_on_other_hosts
from book_site.pictures import load_near_window, shrink_pictures
from book_site.theme_fixes import tidy
from book_site.vendored import ADDRESSES, SCRIPTS, point_to_copies
from fontTools.ttLib import TTFont
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from PIL import Image
from places import ROOT
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

LOADS = [
    '<script src="https://cdn.example/a.js"></script>',
    '<script src="//cdn.example/a.js"></script>',
    '<link rel="stylesheet" href="https://cdn.example/a.css">',
    '<link rel="preload icon" href="http://cdn.example/a.png">',
    '<img src="https://cdn.example/a.png">',
    '<img srcset="a.png 1x, https://cdn.example/b.png 2x">',
    '<video poster="https://cdn.example/a.png"></video>',
    '<object data="https://cdn.example/a.svg"></object>',
    '<iframe src="https://cdn.example/"></iframe>',
    '<p style="background: url(https://cdn.example/a.png)"></p>',
    "<style>@import 'https://cdn.example/a.css';</style>",
    "<style>@font-face { src: url('//cdn.example/a.woff2') }</style>",
    "<script>require.config({paths: {d3: 'https://cdn.example/d3.min'}})</script>",
    '<svg><image href="https://cdn.example/a.png"/></svg>',
]
HARMLESS = [
    '<a href="https://example.org/">a link</a>',
    '<link rel="canonical" href="https://example.org/">',
    '<script src="../_static/a.js"></script>',
    '<img src="data:image/png;base64,AAAA">',
    "<script>// based on https://example.org/a.js\nlet a = 1</script>",
    "<script>document.createElementNS('http://www.w3.org/2000/svg', 'svg')</script>",
    "<p>https://example.org/a.js</p>",
]


@pytest.mark.parametrize("page", LOADS)
def test_a_load_from_another_host_is_found(page: str) -> None:
    assert len(addresses_on_other_hosts(page)) == 1
    assert len(addresses_on_other_hosts(f'<iframe srcdoc="{html.escape(page)}"></iframe>')) == 1


@pytest.mark.parametrize("page", HARMLESS)
def test_what_loads_nothing_is_not_reported(page: str) -> None:
    assert addresses_on_other_hosts(page) == []


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("depth", "root"), [(0, ""), (1, "../"), (2, "../../")])
def test_known_addresses_become_paths_on_the_site(address: str, depth: int, root: str) -> None:
    frame = f'<iframe srcdoc="{html.escape(f"<script src={address!r}></script>")}"></iframe>'
    assert addresses_on_other_hosts(frame) == [address]
    mended = point_to_copies(frame, depth)
    assert addresses_on_other_hosts(mended) == []
    assert f"{root}_static/vendor/{ADDRESSES[address]}" in html.unescape(mended)


def test_thebe_and_the_icon_script_are_dropped_and_the_rest_stays() -> None:
    kept = '<script defer src="_static/doctools.js"></script>\n<script>let a = 1</script>\n'
    dropped = (
        '<script src="_static/vendor/fontawesome/6.5.2/js/all.min.js?digest=1"></script>\n'
        '<script>const THEBE_JS_URL = "https://cdn.example/thebe.js"; const b = "c"</script>\n'
        '<script async="async" src="_static/sphinx-thebe.js?v=1"></script>\n'
        '<script type="text/x-thebe-config">\n{ "a": 1 }\n</script>\n'
        "<script>kernelName = 'python3'</script>\n"
    )
    assert tidy(dropped + kept.replace(" defer", "") + dropped) == kept
    options = '<script src="_static/documentation_options.js"></script>'  # the next inline script needs them at once
    assert tidy(options) == options


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    """Stand-ins for the installed scripts."""
    for source in SCRIPTS:
        place = tmp_path / "node_modules" / source
        if place.suffix:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("// a script")
        else:
            place.mkdir(parents=True)
    return tmp_path / "node_modules"


FORMULAS = (
    '<link rel="a"/><script>window.MathJax = {"options": {}}</script>\n'
    '<script defer="defer" src="../_static/vendor/mathjax/tex-chtml.js"></script>\n'
    '<span class="math notranslate nohighlight">\\(a &lt; \\class{attn-key}{k}\\)</span>'
    '<div class="math notranslate nohighlight" id="b">\n'
    '<span class="eqno">(1)</span>\\[\\left\\{x\\right\\} (y)\\]</div>'
)


def test_formulas_are_typeset_while_the_site_is_built(tmp_path: Path) -> None:
    (tmp_path / "mathjax").mkdir()
    modules = ROOT / ".venv" / "npm" / "node_modules"
    pages, faults = typeset({"p": FORMULAS}, modules, tmp_path)
    assert faults == []
    assert pages["p"].count("<mjx-container") == 2
    assert 'class="mjx-i attn-key"' in pages["p"]
    assert "<mo>&lt;</mo>" in pages["p"]
    assert '<span class="eqno">(1)</span><mjx-container' in pages["p"]
    assert "<script" not in pages["p"]
    assert '<link rel="stylesheet" href="../_static/vendor/mathjax/chtml.css" />' in pages["p"]
    css = (tmp_path / "mathjax" / "chtml.css").read_text(encoding="utf-8")
    for glyph in ("3C", "28", "7B", "7D"):
        assert f"\nmjx-c.mjx-c{glyph}::before" in css  # a rule of its own, not joined to what was cut before it
    assert "mjx-c22A8" not in css
    assert typeset(pages, modules, tmp_path) == (pages, [])
    files = [b64decode(data) for data in re.findall(r"data:font/woff;base64,([^\"]+)", css)]
    fonts = [TTFont(BytesIO(file)).getBestCmap() or {} for file in files]
    assert len(fonts) == 3
    assert {ord("("), ord("{")} <= fonts[1].keys() and {ord("x"), ord("y")} <= fonts[2].keys()
    assert not any(ord("q") in font for font in fonts)


def test_a_formula_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "mathjax").mkdir()
    page = '<span class="math">\\(\\nothing{a}\\)</span>'
    _, faults = typeset({"p": page}, ROOT / ".venv" / "npm" / "node_modules", tmp_path)
    assert faults == ["p: Undefined control sequence \\nothing: \\nothing{a}"]


def test_only_the_icons_in_use_are_left(site: Path) -> None:
    (folder,) = (site / "_static" / "vendor" / "fontawesome").iterdir()
    css = (folder / "css" / "all.min.css").read_text(encoding="utf-8")
    assert ".fa-github:before" in css
    assert ".fa-wheelchair:before" not in css
    named = {name for name in re.findall(r"webfonts/([^)\"]+)", css)}
    assert named == {file.name for file in (folder / "webfonts").iterdir()}
    drawn = TTFont(folder / "webfonts" / "fa-brands-400.ttf").getBestCmap()
    assert 0xF09B in drawn
    assert len(drawn) < 10


def test_a_picture_becomes_lighter_where_one_does_not_see_it(tmp_path: Path) -> None:
    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.subplots()
    axes.plot([0, 9, 0])
    figure.colorbar(ScalarMappable(cmap="viridis"), ax=axes)  # thin, of many colours
    figure.savefig(tmp_path / "few.png")
    many = Image.merge("RGB", [Image.effect_noise((300, 200), 90) for _ in range(3)])
    clear = Image.new("RGBA", (300, 200), (255, 0, 0, 90))
    small = Image.new("RGB", (3, 3), (255, 0, 0))  # a palette would weigh more than all of it
    for name, picture in {"many": many, "clear": clear, "small": small}.items():
        picture.save(tmp_path / f"{name}.png")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    drawn = np.asarray(Image.open(tmp_path / "few.png").convert("RGB"), dtype=int)
    sizes = {"clear.png": (300, 200), "few.png": (400, 300), "many.png": (300, 200), "small.png": (3, 3)}
    assert shrink_pictures(tmp_path) == sizes
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {name for name in before if after[name] != before[name]} == {"few.png"}
    assert len(after["few.png"]) < 0.6 * len(before["few.png"])
    assert np.abs(np.asarray(Image.open(tmp_path / "few.png").convert("RGB")) - drawn).max() <= 16
    shrink_pictures(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == after
    assert shrink_pictures(tmp_path / "none") == {}


def test_a_picture_waits_in_a_place_of_its_size() -> None:
    page = '<img alt="A &gt; B" src="../_images/a.png" />\n<img src="_static/logo.png">\n<img src="_images/gone.png">'
    waiting = load_near_window(page, {"a.png": (300, 200)})
    first = '<img loading="lazy" decoding="async" width="300" height="200" alt="A &gt; B" src="../_images/a.png" />'
    assert waiting == page.replace('<img alt="A &gt; B" src="../_images/a.png" />', first)
    assert load_near_window(waiting, {"a.png": (300, 200)}) == waiting


def test_finishing_names_the_page_and_the_style_sheet_at_fault(tmp_path: Path, node_modules: Path) -> None:
    site = tmp_path / "site"
    (site / "part").mkdir(parents=True)
    (site / "part" / "good.html").write_text(f'<script src="{next(iter(ADDRESSES))}"></script>')
    assert finish_site(site, node_modules) == []
    assert finish_site(site, node_modules) == []
    assert (site / "part" / "good.html").read_text() == '<script defer src="../_static/vendor/require.js"></script>'
    assert (site / "_static" / "vendor" / "require.js").exists()

    (site / "part" / "bad.html").write_text(LOADS[0] + '<div class="attn-figure" data-figure="none"></div>')
    (site / "bad.css").write_text("p { background: url(https://cdn.example/a.png) }")
    assert finish_site(site, node_modules) == [
        "part/bad.html: https://cdn.example/a.js",
        "part/bad.html: figure 'none' needs none.mjs",
        "bad.css: https://cdn.example/a.png",
    ]


@pytest.mark.parametrize("fault", ["", LOADS[0]])
def test_a_build_with_an_outside_script_fails(tmp_path: Path, node_modules: Path, fault: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(f"extensions = ['book_site']\nnpm_scripts = {str(node_modules)!r}\n")
    (source / "index.rst").write_text(f"Title\n=====\n\n.. raw:: html\n\n   <p>Text</p>{fault}\n")
    refused = (
        pytest.raises(ExtensionError, match=r"index\.html: https://cdn\.example/a\.js") if fault else nullcontext()
    )
    # What a build registers with docutils is for the whole process, and would be a warning in the next build.
    with docutils_namespace():
        application = Sphinx(source, source, tmp_path / "site", tmp_path / "trees", "html", status=None, warning=None)
        with refused:
            application.build()
    assert fault or (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_browser_skips_at_home_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("ATTNBOOK_CHROMIUM", "no-such-browser")
    assert chromium.chromium_path() is None
    with pytest.raises(outcome, match="apt-get install chromium"):
        chromium.refuse()
