"""Mend what the theme gets wrong on a finished page."""

import re

# Thebe comes with Jupyter Book, declares its constant twice and loads from another host; it is not used here.
# Font Awesome's script repeats what its style sheet does; its fonts load when an icon needs one.
UNUSED = re.compile(
    r"""[ \t]*(?:
        <link\b[^>]*sphinx-thebe\.css[^>]*>
      | <link\b[^>]*\bas="font"[^>]*>
      | <script\b[^>]*(?:sphinx-thebe\.js|fontawesome/[^>"]*\.js)[^>]*></script>
      | <script>const\ THEBE_JS_URL\b.*?</script>
      | <script\ type="text/x-thebe-config">.*?</script>
      | <script>kernelName\ =.*?</script>
      | <link\b[^>]*\brel="preload"[^>]*\bas="script"[^>]*>
    )\n?""",
    re.DOTALL | re.VERBOSE,
)

# Scripts run in their order once the page stands, and text is read before; an inline script needs the options at once.
WAITING = re.compile(r"<script(?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async|documentation_options)\b)")

# page.js fills a frame when it comes near the window: its scripts cost the page nothing before.
FRAME = re.compile(r"(<iframe\b[^>]*) srcdoc=")

# This sheet only imports the other: one round trip less before the first paint.
IMPORTING = re.compile(r'_static/styles/theme\.css\b[^"]*')

REPAIRS = {
    # The visible text is the name; a second, other name puzzles voice control.
    'search-button-field search-button__button" title="Search" aria-label="Search"': (
        'search-button-field search-button__button" title="Search"'
    ),
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # The logo stands in no landmark otherwise.
    '<div class="bd-sidebar-primary bd-sidebar">': (
        '<div class="bd-sidebar-primary bd-sidebar" role="complementary" aria-label="Book">'
    ),
    # The theme settles light or dark at the page's end; without this the first paint has neither's colours.
    ' data-theme="auto">': ' data-theme="light">',
    'getItem("theme") || "auto"': (
        'getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
    ),
    # The policy of the pages lets no handler run that stands in the markup; page.js takes their place.
    'onclick="toggleFullScreen()"': 'data-press="full-screen"',
    'onclick="window.print()"': 'data-press="print"',
    # A bibliography's entries are items of its list; the role that docutils gives them is deprecated.
    'role="doc-biblioentry"': 'role="listitem"',
    # The corner of a table heads nothing.
    '<th class="head"></th>': "<td></td>",
    '<nav class="bd-toc-nav page-toc">': '<nav class="bd-toc-nav page-toc" aria-label="On this page">',
}


def tidy(html: str) -> str:
    """Drop the scripts that are not used, let the others and frames wait, mend labels, landmarks and the first paint.

    Args:
        html: a page as the theme made it.

    Returns:
        The mended page; a second run changes nothing.
    """
    html = WAITING.sub("<script defer", UNUSED.sub("", html))
    html = FRAME.sub(r"\1 data-srcdoc=", IMPORTING.sub("_static/basic.css", html))
    for before, after in REPAIRS.items():
        html = html.replace(before, after)
    return html
