"""The site serves itself: scripts, formulas and figures stand on it, and every page says what may run on it."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from .fonts import write_chinese_font
from .formulas import typeset
from .icons import keep_used_icons
from .live_figures import copy_bundles, missing_bundles
from .outside_hosts import addresses_in_stylesheet, addresses_on_other_hosts
from .pictures import load_near_window, shrink_pictures
from .policy import with_policy
from .theme_fixes import tidy
from .vendored import copy_scripts, point_to_copies


def finish_site(site: Path, node_modules: Path) -> list[str]:
    """Finish the built pages in place; a second run changes nothing.

    Args:
        site: the folder of the built site.
        node_modules: where npm installed the scripts that the pages use.

    Returns:
        One line "page: fault" for everything that a page would load from another host, for every formula that
        cannot be read, and for every figure without a bundle.
    """
    static = site / "_static"
    copy_scripts(node_modules, static / "vendor")
    files = [file for file in sorted(site.rglob("*.html")) if file.relative_to(site).parts[0] != "_static"]
    built = {str(file.relative_to(site)): file.read_text(encoding="utf-8") for file in files}
    pages, faults = typeset(built, node_modules, static / "vendor")
    keep_used_icons(static, list(pages.values()))
    write_chinese_font(static, list(pages.values()))
    sizes = shrink_pictures(site / "_images")
    for place, page in pages.items():
        page = load_near_window(point_to_copies(page, depth=len(Path(place).parts) - 1), sizes)
        page = with_policy(tidy(page))
        if page != built[place]:
            (site / place).write_text(page, encoding="utf-8")
        faults += [f"{place}: {fault}" for fault in addresses_on_other_hosts(page) + missing_bundles(page, static)]
    for sheet in sorted(site.rglob("*.css")):
        found = addresses_in_stylesheet(sheet.read_text(encoding="utf-8"))
        faults += [f"{sheet.relative_to(site)}: {address}" for address in found]
    return faults


def _copy_figures(app: Sphinx) -> None:
    if app.builder.format == "html":
        copy_bundles(Path(app.srcdir, app.config.live_figures), Path(app.outdir, "_static"))


def _on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    faults = finish_site(Path(app.outdir), Path(app.srcdir, app.config.npm_scripts))
    if faults:
        raise ExtensionError("pages are not fit to be published:\n  " + "\n  ".join(faults))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.add_config_value("npm_scripts", "", "")
    app.add_config_value("live_figures", "../code/attnbook/figures", "")
    app.connect("builder-inited", _copy_figures)
    app.connect("build-finished", _on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
