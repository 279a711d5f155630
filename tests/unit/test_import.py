"""`import attnbook` is light, and a missing extra is named."""

import subprocess
import sys

import attnbook
import pytest
from attnbook.extras import require

HEAVY = (
    "matplotlib", "seaborn", "sklearn", "scipy", "transformers", "pandas", "IPython", "bertviz", "nbclient",
    "nbformat", "PIL", "anywidget", "jsonschema", "safetensors", "pooch", "jieba", "tokenizers", "sacrebleu",
    "accelerate", "zhplot",
)  # fmt: skip


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_loads_torch_and_numpy_and_no_other_package():
    done = run(
        "import sys, torch, numpy\n"
        "before = set(sys.modules)\n"
        "import attnbook\n"
        f"print(*sorted(set({HEAVY!r}) & (set(sys.modules) - before)))\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_every_public_name_exists():
    assert all(hasattr(attnbook, name) for name in attnbook.__all__)
    assert sorted(attnbook.__all__) == attnbook.__all__


BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import attnbook
print("imported")
import attnbook.plots
"""


@pytest.mark.parametrize("package", ["matplotlib", "seaborn", "zhplot"])
def test_plots_without_their_packages_say_which_extra_to_install(package):
    done = run(BLOCK.format(package=package))
    assert done.stdout == "imported\n"
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: {package}")
    assert last.endswith('is missing: install it with  pip install "attnbook[plots]"')


def test_an_import_that_fails_for_another_reason_is_left_alone():
    with pytest.raises(ImportError, match="cannot import name"), require("plots"):
        from math import no_such_name  # noqa: F401
    with require("plots"):
        import math
    assert math.pi > 3
