"""Put the bundles of the live figures on the site, and see that every figure of a page has one."""

import re
import shutil
from pathlib import Path

FIGURE = re.compile(r'<div\b[^>]*\bclass="attn-figure"[^>]*>')
NAME = re.compile(r'\bdata-figure="([^"]*)"')
WEIGHTS = re.compile(r'\bdata-weights="([^"]*)"')


def copy_bundles(source: Path, static: Path) -> None:
    """Copy what there is: modules, and the weights of trained models.

    Args:
        source: the folder that holds `bundles/` and `weights/`.
        static: the folder `_static` of the built site.
    """
    target = static / "figures"
    shutil.rmtree(target, ignore_errors=True)
    files = [*source.glob("bundles/*.mjs"), *source.glob("weights/*.safetensors")]
    for file in files:
        place = target / "weights" if file.suffix == ".safetensors" else target
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / file.name)


def missing_bundles(page: str, static: Path) -> list[str]:
    """Name the figures of a page that have no bundle, or whose weights are not there.

    Args:
        page: the built page.
        static: the folder `_static` of the built site.

    Returns:
        One line for each fault.
    """
    faults = []
    for opening in FIGURE.findall(page):
        name = next(iter(NAME.findall(opening)), "")
        files = [f"{name}.mjs", *(f"weights/{weights}" for weights in WEIGHTS.findall(opening))]
        faults += [f"figure {name!r} needs {file}" for file in files if not (static / "figures" / file).is_file()]
    return faults
