"""The book's own translators, ready to translate: one file each, trained on the generated corpus.

`python -m attnbook.recipes.pretrained RUNS` writes data/translators from the translators that
`attnbook train translation` has trained in RUNS/NAME/seed-0.
"""

import json
import sys
from dataclasses import asdict
from importlib import resources
from pathlib import Path

from attnbook.data.vocabulary import SPECIALS, Vocabulary
from attnbook.extras import require
from attnbook.models.translators import TRANSLATOR_NAMES
from attnbook.recipes.run_file import parse_run
from attnbook.recipes.settings import Run, Settings
from attnbook.recipes.trained import Trained
from attnbook.recipes.translation import create_model, load_translator
from attnbook.training import History

with require("train"):
    from safetensors import safe_open
    from safetensors.torch import save_file

FOLDER = resources.files("attnbook.data.files").joinpath("translators")


def load_pretrained(name: str) -> Trained:
    """Load a translator that comes with the book.

    Args:
        name: one of `TRANSLATOR_NAMES`.

    Returns:
        The translator in evaluation mode, its vocabularies, how it was trained, and an empty history: how its three
        seeds did stands in `load_result(f"translation_generated_{name}")`.

    Raises:
        ValueError: an unknown name; the message lists those there are.
    """
    if name not in TRANSLATOR_NAMES:
        raise ValueError(f"unknown translator {name!r}; allowed: {', '.join(TRANSLATOR_NAMES)}")
    with resources.as_file(FOLDER.joinpath(f"{name}.safetensors")) as path, safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["attnbook"])
        weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    run, seed = parse_run({**said["run"], "seed": said["seed"]}, Run, Settings)
    source, target = Vocabulary(said["source"]), Vocabulary(said["target"])
    model = create_model(run, source, target)
    model.load_state_dict({**weights, "output.weight": weights["target_embedding.weight"]})  # tied
    return Trained(model.eval(), source, target, run, seed, History())


def save_pretrained(trained: Trained, folder: Path) -> None:
    """Write a translator of the generated corpus, in half precision, with all that `load_pretrained` needs.

    Args:
        trained: from `load_translator`.
        folder: for the file, which is called like the model.
    """
    weights = {name: tensor.half().contiguous() for name, tensor in trained.model.state_dict().items()}
    del weights["output.weight"]
    said = {"run": asdict(trained.run), "seed": trained.seed}
    sides = {"source": trained.source, "target": trained.target}
    vocabularies = {side: vocabulary.words[len(SPECIALS) :] for side, vocabulary in sides.items()}
    metadata = {"attnbook": json.dumps({**said, **vocabularies}, ensure_ascii=False)}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / f"{trained.run.model}.safetensors", metadata=metadata)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for trained_name in TRANSLATOR_NAMES:
        save_pretrained(load_translator(Path(sys.argv[1], trained_name, "seed-0")), Path("data", "translators"))
