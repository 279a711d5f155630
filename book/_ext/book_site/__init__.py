"""The site serves itself: its scripts stand on it, the theme is tidied, and no page needs another host."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from .outside_hosts import addresses_in_stylesheet, addresses_on_other_hosts
from .theme_fixes import tidy
from .vendored import copy_scripts, point_to_copies


def finish_site(site: Path, node_modules: Path) -> list[str]:
    """Finish the built pages in place; a second run changes nothing.

    Args:
        site: the folder of the built site.
        node_modules: where npm installed the scripts that the pages use.

    Returns:
        One line "page: address" for everything that a page would load from another host.
    """
    copy_scripts(node_modules, site / "_static" / "vendor")
    faults = []
    for page in sorted(site.rglob("*.html")):
        place = page.relative_to(site)
        if place.parts[0] == "_static":
            continue
        built = page.read_text(encoding="utf-8")
        finished = tidy(point_to_copies(built, depth=len(place.parts) - 1))
        if finished != built:
            page.write_text(finished, encoding="utf-8")
        faults += [f"{place}: {address}" for address in addresses_on_other_hosts(finished)]
    for sheet in sorted(site.rglob("*.css")):
        found = addresses_in_stylesheet(sheet.read_text(encoding="utf-8"))
        faults += [f"{sheet.relative_to(site)}: {address}" for address in found]
    return faults


def _on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    faults = finish_site(Path(app.outdir), Path(app.srcdir, app.config.npm_scripts))
    if faults:
        raise ExtensionError("pages load from other hosts:\n  " + "\n  ".join(faults))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.add_config_value("npm_scripts", "", "")
    app.connect("build-finished", _on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
