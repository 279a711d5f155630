"""Cut fonts down to the characters that the site shows, and make one for its Chinese."""

import html
import re
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from fontTools import subset

CHINESE = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
PUNCTUATION = "，。？！、：；“”（）"
"""What a reader may type between the words."""
CHINESE_FONT = "book-chinese.woff2"


def cut(path: Path, unicodes: Iterable[int], **options: object) -> bytes:
    """Leave only some characters in a font.

    Args:
        path: the font's file.
        unicodes: the characters to keep; those that it has not are passed over.
        options: more of fontTools' options, such as `flavor`.

    Returns:
        The smaller font's file.
    """
    chosen = subset.Options(layout_features=[], recalc_timestamp=False, **options)
    with subset.load_font(path, chosen) as font:
        cutter = subset.Subsetter(chosen)
        cutter.populate(unicodes=unicodes)
        cutter.subset(font)
        subset.save_font(font, file := BytesIO(), chosen)
    return file.getvalue()


def write_chinese_font(static: Path, pages: list[str]) -> None:
    """Write a font with the Chinese characters of the pages and figures, for readers whose machine has none.

    Args:
        static: the folder `_static` of the built site; its figures must be there.
        pages: the text of every page. Without Chinese in them, nothing is written.
    """
    figures = [file.read_text(encoding="utf-8") for file in (static / "figures").glob("*.mjs")]
    shown = {sign for text in [*pages, *figures] for sign in CHINESE.findall(html.unescape(text))}
    if not shown:
        return
    # Noto Sans SC, as zhplot brings it. Its licence, the SIL Open Font License 1.1, allows to cut and serve it as long
    # as copyright and licence come along: they stand in the font (names 0, 13 and 14) and in a file beside it.
    folder = Path(find_spec("zhplot").submodule_search_locations[0], "fonts")
    codes = map(ord, shown.union(PUNCTUATION))
    font = cut(folder / "NotoSansSC-Regular.ttf", codes, flavor="woff2", hinting=False, name_IDs=[0, 1, 2, 13, 14])
    (static / CHINESE_FONT).write_bytes(font)
    shutil.copyfile(folder / "OFL.txt", static / "book-chinese-OFL.txt")
