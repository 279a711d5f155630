"""Make the pictures of the pages light: a palette where it shows no difference, and loaded only near the window."""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops

PICTURE = re.compile(r'<img(?![^>]*\bloading=)(?=[^>]*\bsrc="[^"]*\b_images/([^"/]+\.png)")')
FAINTEST = 16
"""Of 255 levels of red, green or blue: a palette may change no pixel by more."""


def shrink_pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """Write opaque PNGs of many colours anew with 256, unless one would see it; a second run changes nothing.

    Args:
        folder: `_images` of the built site; it need not be there.

    Returns:
        Name of a picture → its width and height, in pixels.
    """
    sizes = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            sizes[path.name] = picture.size
            opaque = picture.mode == "RGB" or (picture.mode == "RGBA" and picture.getextrema()[3] == (255, 255))
            full = picture.convert("RGB") if opaque else None
        if full:
            few = full.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
            difference = ImageChops.difference(full, few.convert("RGB"))
            if max(most for _, most in difference.getextrema()) <= FAINTEST:
                few.save(file := BytesIO(), "PNG", optimize=True)
                if len(file.getvalue()) < path.stat().st_size:
                    path.write_bytes(file.getvalue())
    return sizes


def load_near_window(page: str, sizes: dict[str, tuple[int, int]]) -> str:
    """Let the pictures of a page wait until they come near the window, in a place that is kept free for them.

    Args:
        page: a built page.
        sizes: from `shrink_pictures`.
    """

    def mark(found: re.Match[str]) -> str:
        if found[1] not in sizes:
            return found[0]
        width, height = sizes[found[1]]
        return f'<img loading="lazy" decoding="async" width="{width}" height="{height}"'

    return PICTURE.sub(mark, page)
