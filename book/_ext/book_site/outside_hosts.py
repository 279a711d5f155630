"""Find what a built page would load from another host."""

import re
from html.parser import HTMLParser

LOADING_ATTRIBUTES = {"src", "srcset", "poster", "data", "background"}
LOADING_LINKS = {
    "stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch", "manifest",
    "apple-touch-icon",
}  # fmt: skip
OTHER_HOST = re.compile(r"(?:https?:)?//[\w.-]+", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)['"]?((?:https?:)?//[^\s'")]+)""", re.IGNORECASE)
# Only a quoted address can be loaded, not one in a comment; namespaces are names, nothing comes from there.
IN_SCRIPT = re.compile(r"""['"`]((?:https?:)?//(?!www\.w3\.org/)[\w-]+\.[\w.-]+[^\s'"`]*)""", re.IGNORECASE)


class _LoadedAddresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._inside = tag if tag in ("script", "style") else ""
        if self._inside == "script" and given.get("type", "").endswith("json"):
            self._inside = ""
        for name, value in given.items():
            if name in LOADING_ATTRIBUTES:
                candidates = value.split(",") if name == "srcset" else [value]
                self.found += [part.strip() for part in candidates if OTHER_HOST.match(part.strip())]
            elif name in ("srcdoc", "data-srcdoc"):
                self.found += addresses_on_other_hosts(value)
            elif name == "style":
                self.found += IN_STYLE.findall(value)
        if tag == "link" and LOADING_LINKS & set(given.get("rel", "").lower().split()):
            self.found += [given["href"]] if OTHER_HOST.match(given.get("href", "")) else []
        if tag in ("image", "use"):
            self.found += [given[name] for name in ("href", "xlink:href") if OTHER_HOST.match(given.get(name, ""))]

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.found += IN_SCRIPT.findall(data)
        elif self._inside == "style":
            self.found += IN_STYLE.findall(data)


def addresses_on_other_hosts(html: str) -> list[str]:
    """List the addresses on other hosts that a page loads by itself, frames included; links do not count.

    Args:
        html: the page.

    Returns:
        The addresses, in the order of the page.
    """
    parser = _LoadedAddresses()
    parser.feed(html)
    parser.close()
    return parser.found


def addresses_in_stylesheet(css: str) -> list[str]:
    """List the addresses on other hosts that a style sheet loads."""
    return IN_STYLE.findall(css)
