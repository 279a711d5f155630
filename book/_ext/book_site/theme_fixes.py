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
    )\n?""",
    re.DOTALL | re.VERBOSE,
)

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
    '<nav class="bd-toc-nav page-toc">': '<nav class="bd-toc-nav page-toc" aria-label="On this page">',
}


def tidy(html: str) -> str:
    """Drop the scripts that are not used and mend labels, landmarks and the first paint.

    Args:
        html: a page as the theme made it.

    Returns:
        The mended page; a second run changes nothing.
    """
    html = UNUSED.sub("", html)
    for before, after in REPAIRS.items():
        html = html.replace(before, after)
    return html
