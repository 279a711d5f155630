"""A Content-Security-Policy for every page: only what the site was built with may run or load."""

import base64
import hashlib
import html
import re

CHARSET = re.compile(r"<meta charset=[^>]*>", re.IGNORECASE)
POLICY = re.compile(r'\n?<meta http-equiv="Content-Security-Policy"[^>]*>')
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
NOT_INLINE = re.compile(r"\bsrc=|\btype=[\"']?[\w/+.-]*json", re.IGNORECASE)
FRAME = re.compile(r'<iframe\b[^>]*?\bsrcdoc="([^"]*)"', re.IGNORECASE)

# `file:` is for a site opened from disk, where 'self' need not match; a served page can load nothing from there.
# Styles stand in the markup of formulas, figures and the theme; they run nothing.
DIRECTIVES = (
    "default-src 'self' file:",
    "style-src 'self' file: 'unsafe-inline'",
    "img-src 'self' file: data:",
    "font-src 'self' file: data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self' file:",
)


def with_policy(page: str) -> str:
    """Put the policy in front of all that a page runs; the frames inside it inherit the policy.

    Args:
        page: a page, finished in all else.

    Returns:
        The page; a second run changes nothing.
    """
    page = POLICY.sub("", page)
    hashes = " ".join(sorted(map(_hash, _inline_scripts(page))))
    policy = "; ".join((*DIRECTIVES, f"script-src 'self' file: {hashes}".strip()))
    # The character set stays first: it must stand within the first 1024 bytes.
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return CHARSET.sub(lambda charset: charset[0] + meta, page, count=1)


def _inline_scripts(page: str) -> set[str]:
    """The inline scripts of a page and of the frames inside it; data in a script element does not run."""
    found = {text for attributes, text in SCRIPT.findall(page) if not NOT_INLINE.search(attributes)}
    return found.union(*(_inline_scripts(html.unescape(content)) for content in FRAME.findall(page)))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
