"""The README's example runs and prints what it says."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_example_prints_what_its_comment_says(capsys):
    example = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S).group(1)
    exec(example, {})
    assert capsys.readouterr().out.strip() == re.search(r"# (torch\.Size\(.*?\))", example).group(1)
