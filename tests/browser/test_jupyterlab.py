"""Two pages in JupyterLab: figure and bertviz are alive on the first run, the state read back in Python."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from book_site.vendored import ADDRESSES, SCRIPTS
from places import ROOT
from playwright.sync_api import Browser, Page, Route

TOKEN = "test"
READ_BACK = "import json\n\nprint(json.dumps(dict(shown.state)))"
# All cells stand in the page, seen or not.
SETTINGS = {"notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that holds the two pages, without outputs."""
    folder = tmp_path_factory.mktemp("lab")
    for page in ("qkv/query_key_value", "transformer/look_inside"):
        notebook = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if page.startswith("qkv"):
            notebook.cells.append(nbformat.v4.new_code_cell(READ_BACK))
        nbformat.write(notebook, folder / Path(page).with_suffix(".ipynb").name)
    for name, settings in SETTINGS.items():
        place = folder / "settings" / "@jupyterlab" / name
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    options = [
        f"--port={port}",
        "--ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
    ]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--LabApp.expose_app_in_browser=True",
            *options,
        ],
        env={**os.environ, **places, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5)
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


def serve_script(route: Route) -> None:
    """Stand in for the host of bertviz's scripts, from what npm installed for the site."""
    asked = route.request.url.removesuffix(".js")
    copy = next(copy for address, copy in ADDRESSES.items() if address.removesuffix(".js") == asked)
    origin = next(
        source for source, target in SCRIPTS.items() if target.removesuffix(".js") == copy.removesuffix(".js")
    )
    route.fulfill(path=ROOT / ".venv" / "npm" / "node_modules" / origin, content_type="text/javascript")


def run_all(browser: Browser, lab: str, name: str) -> Page:
    """Open a page in JupyterLab and run all its cells, once."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.route("https://cdnjs.cloudflare.com/**", serve_script)
    page.goto(f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb?token={TOKEN}")  # its own: no other page comes back
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.ready")
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts()
    counts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert errors == [] and "[ ]:" not in counts, (errors, counts)
    return page


def test_the_figure_is_alive_and_python_reads_what_the_hand_did(browser: Browser, lab: str) -> None:
    page = run_all(browser, lab, "query_key_value")
    figure = page.locator("[data-figure=query-key-value]")
    figure.locator("xpath=self::*[@data-state='ready']").wait_for(timeout=60_000)
    before = read_back(page)
    figure.locator("[data-handle=query]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    moved = pytest.approx(before["query"][0] + 0.3)
    after = next(filter(lambda state: state["query"][0] == moved, (read_back(page) for _ in range(10))), None)
    assert after, "the three steps never arrived"  # they travel one message at a time
    assert {**after, "query": before["query"]} == before

    page.evaluate(
        """source => {
            const panel = jupyterapp.shell.currentWidget;
            panel.content.activeCell.model.sharedModel.setSource(source);
            return jupyterapp.commands.execute("notebook:run-cell");
        }""",
        "shown.state = {'temperature': 2.0}",
    )
    page.wait_for_function("document.querySelector('[data-control=temperature]').ariaValueText.includes('2')")
    page.context.close()


def read_back(page: Page) -> dict:
    """Run the page's last cell, and read what it printed."""
    page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.length - 1;
            return jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    return json.loads(page.locator(".jp-Cell").last.locator(".jp-OutputArea-output pre").inner_text())


def test_bertviz_draws_itself_on_the_first_run(browser: Browser, lab: str) -> None:
    page = run_all(browser, lab, "look_inside")
    frames = page.locator("iframe[title]")
    frames.first.wait_for(state="attached", timeout=60_000)
    for frame in frames.all():
        frame.scroll_into_view_if_needed()
        shapes = frame.content_frame.locator("svg :is(line, rect, path)")
        shapes.first.wait_for(state="attached", timeout=30_000)
        assert shapes.count() > 1
    page.context.close()
