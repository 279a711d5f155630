"""Write the figure's weights and its corpus.json: the words that are known, and the scores that posters are drawn from.

`python make.py` reads the classifiers that come with the book: see attnbook.recipes.pretrained_classifiers.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from attnbook.data.tatoeba import english_words
from attnbook.data.vocabulary import SPECIALS
from attnbook.figures import WEIGHTS
from attnbook.figures.export import storable_weights
from attnbook.files import write_whole
from attnbook.recipes.pretrained_classifiers import SCALES, load_classifier_pretrained
from attnbook.recipes.trained_classifier import TrainedClassifier
from safetensors.torch import save
from torch import Tensor

NAMES = ("dp", "dp-l")
HERE = Path(__file__).parent


def main() -> None:
    """Read the trained classifiers and write both files."""
    trained = {(name, scale): load_classifier_pretrained(name, scale) for name in NAMES for scale in SCALES}
    words = trained[NAMES[0], SCALES[0]].vocabulary.words
    for (name, scale), one in trained.items():
        if one.vocabulary.words != words:
            raise ValueError(f"{name} at λ = {scale:g} has another vocabulary than {NAMES[0]} at {SCALES[0]:g}")
    weights = {}
    for (name, scale), one in trained.items():
        for key, tensor in page_weights(name, f"{name}.{scale:g}.", one).items():
            if not weights.setdefault(key, tensor).equal(tensor):
                raise ValueError(f"{key} is not the same for all λ")
    Path(WEIGHTS).mkdir(exist_ok=True)
    (Path(WEIGHTS) / "point.safetensors").write_bytes(save(weights))

    readings = {}
    for state in states():
        for text in texts(state):
            for name in NAMES:
                read = trained[name, float(state["scale"])].read(text)
                scores = {"attention": read.attention_scores, "polarity": read.polarity_scores}
                rounded = {kind: [round(float(score), 4) for score in given] for kind, given in scores.items()}
                readings[" ".join([name, f"{state['scale']:g}", *text])] = rounded
    accuracy = {name: {f"{scale:g}": trained[name, scale].history[0]["accuracy"] for scale in SCALES} for name in NAMES}
    corpus = {"words": words[len(SPECIALS) :], "accuracy": accuracy, "readings": readings}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in corpus.items())
    write_whole(HERE / "corpus.json", f"{{\n{lines}\n}}\n")


def page_weights(name: str, prefix: str, trained: TrainedClassifier) -> dict[str, Tensor]:
    """The weights of one model in half precision, called as the page and the kit's `lstm` call them."""
    stored = storable_weights(trained.model, torch.float16)
    named = {f"{prefix}query": stored["pooling.query"], f"{prefix}output": stored["output.weight"]}
    if name == "dp":
        return {f"{prefix}embedding.weight": stored["embedding.weight"], **named}
    for key, tensor in stored.items():
        _, direction, weight = f"{key}..".split(".")[:3]
        if key.startswith("rnn."):
            named[f"{prefix}{weight}{'_reverse' if direction == 'backward_rnn' else ''}"] = tensor
    return {f"{name}.embedding.weight": stored["embedding.weight"], **named}


def states() -> Iterator[dict[str, Any]]:
    """The states that the page has an example of."""
    schema = json.loads((HERE / "state.json").read_text(encoding="utf-8"))
    first = {key: about["default"] for key, about in schema["properties"].items()}
    examples = json.loads((HERE / "examples.json").read_text(encoding="utf-8"))
    for changes in examples.values():
        yield first | changes


def texts(state: Mapping[str, Any]) -> list[list[str]]:
    """The words of a state's text as typed, and with those deleted or swapped that it says."""
    typed = english_words(state["text"])
    edited = list(typed)
    for edit in state["edits"]:
        if edit["kind"] in ("delete", "swap"):
            edited[edit["place"]] = edit.get("word")
    return [typed, [word for word in edited if word is not None]]


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
