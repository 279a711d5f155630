"""Of the theme's icon fonts, keep the few icons that the site shows."""

import re
from pathlib import Path

from .fonts import cut

NAME = re.compile(r"\bfa-[a-z0-9-]+")
CODE = re.compile(r'content:"\\(f[0-9a-f]{3})"')
ICON_RULE = re.compile(r'([^{}]+)\{content:"\\([0-9a-f]+)"\}')
WOFF2 = re.compile(r'url\([^)]*\.woff2\) format\("woff2"\),')


def keep_used_icons(static: Path, pages: list[str]) -> None:
    """Cut the icon fonts, and the style sheet that names their icons, down to what is used.

    Args:
        static: the folder `_static` of the built site.
        pages: the text of every page.
    """
    for sheet in static.glob("vendor/fontawesome/*/css/all.min.css"):
        css = sheet.read_text(encoding="utf-8")
        if not WOFF2.search(css):
            continue  # cut already
        used = {name for text in [*pages, *_texts(static, "js")] for name in NAME.findall(text)}
        codes = {code for text in _texts(static, "css") for code in CODE.findall(text)}

        def shorten(rule: re.Match[str], used: set[str] = used, codes: set[str] = codes) -> str:
            if not used.intersection(NAME.findall(rule[1])):
                return ""
            codes.add(rule[2])
            return rule[0]

        sheet.write_text(ICON_RULE.sub(shorten, WOFF2.sub("", css)), encoding="utf-8")
        for font in sheet.parents[1].glob("webfonts/*.ttf"):
            font.with_suffix(".woff2").unlink()
            font.write_bytes(cut(font, [int(code, 16) for code in codes]))


def _texts(static: Path, kind: str) -> list[str]:
    folders = {"js": ["scripts"], "css": ["styles", "."]}[kind]
    return [file.read_text(encoding="utf-8") for folder in folders for file in (static / folder).glob(f"*.{kind}")]
