"""Serve third-party scripts from the site itself.

They are copied after the build, because Jupyter Book loads every script under `_static` on every page.
"""

import shutil
from pathlib import Path

SCRIPTS = {  # in node_modules -> in _static/vendor
    "mathjax/es5/output/chtml/fonts/woff-v2": "mathjax/fonts",
    "requirejs/require.js": "require.js",
    "d3/dist/d3.min.js": "d3.min.js",
    "jquery/dist/jquery.min.js": "jquery.min.js",
}

# What bertviz's views ask for, partly without the ".js"; jQuery 2.0.0 is not on npm, 2.2.4 is.
ADDRESSES = {
    "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js": "require.js",
    "https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min": "d3.min",
    "https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min": "jquery.min",
}


def copy_scripts(node_modules: Path, vendor: Path) -> None:
    """Copy the scripts that the pages use.

    Args:
        node_modules: where npm installed them.
        vendor: the folder of the built site that takes them.

    Raises:
        FileNotFoundError: a script is not installed.
    """
    for source, target in SCRIPTS.items():
        origin, copy = node_modules / source, vendor / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, copy, dirs_exist_ok=True)
        else:
            shutil.copyfile(origin, copy)


def point_to_copies(html: str, depth: int) -> str:
    """Replace the addresses of the originals by relative paths to the copies.

    A frame made by `srcdoc` resolves relative paths against the page around it, so one text serves both.

    Args:
        html: a built page.
        depth: how many folders below the site's root it stands.

    Returns:
        The page with every known address replaced.
    """
    for address, copy in ADDRESSES.items():
        html = html.replace(address, "../" * depth + "_static/vendor/" + copy)
    return html
