"""The book's own classifiers, ready to read: `dp` and `dp-l` at eight scales, trained on SST-2, and `han`.

`python -m attnbook.recipes.pretrained_classifiers RUNS` trains them in the folder RUNS, or goes on with what is there,
and writes data/classifiers.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor

from attnbook.data.vocabulary import SPECIALS, Vocabulary
from attnbook.extras import require
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.recipes.classification import create_model, load_classifier, train_classifier
from attnbook.recipes.classification_settings import ClassificationRun, ClassificationSettings
from attnbook.recipes.run_file import parse_run
from attnbook.recipes.text_corpora import TextCorpus, load_text_corpus
from attnbook.recipes.trained_classifier import TrainedClassifier
from attnbook.training import History

with require("train"):
    from safetensors import safe_open
    from safetensors.torch import save_file

FOLDER = resources.files("attnbook.data.files").joinpath("classifiers")
SCALES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)
"""λ of the classifiers "dp" and "dp-l"."""
SHARED = 10.0
"""The scale whose embeddings the other scales of "dp-l" take as they are."""
# epochs, batch_size, learning_rate, embed_dim, hidden_dim, dropout, word_dropout, min_count
RUNS = {
    "dp": ClassificationRun("sst2", "dp", ClassificationSettings(8, 32, 1e-3, 100, 100, 0.5, 0.1, 3)),
    "dp-l": ClassificationRun("sst2", "dp-l", ClassificationSettings(12, 32, 2e-3, 16, 16, 0.3, 0.1, 3)),
    "han": ClassificationRun("composed", "han", ClassificationSettings(8, 32, 3e-3, 32, 16, 0.2, 0.1, 1, texts=4000)),
}


def load_classifier_pretrained(name: str, scale: float = SHARED) -> TrainedClassifier:
    """Load a classifier that comes with the book.

    "dp" is stored as two numbers a word, h·V and h·W, which are all that it knows of one: its embeddings have these
    two features, the query is (1, 0), what judges (0, 1). "dp-l" has the same embeddings at every scale. "han" has
    been trained on documents composed of the book's reviews, the others on SST-2.

    Args:
        name: "dp", "dp-l" or "han".
        scale: λ, one of `SCALES`; "han" has none, and leaves it as it is.

    Returns:
        The classifier in evaluation mode, its vocabulary, how it was trained, and of its history the chosen epoch.

    Raises:
        ValueError: an unknown name or scale; the message lists those there are.
    """
    if name not in RUNS:
        raise ValueError(f"unknown classifier {name!r}; allowed: {', '.join(RUNS)}")
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(map('{:g}'.format, SCALES))}; got {scale!r}")
    prefix = "" if name == "han" else f"{scale:g}."
    with resources.as_file(FOLDER.joinpath(f"{name}.safetensors")) as path, safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["attnbook"])
        own = [key for key in file.keys() if key.startswith((prefix, "embedding."))]  # noqa: SIM118
        weights = {key.removeprefix(prefix): file.get_tensor(key).float() for key in own}
    run, seed = parse_run(said["runs"][prefix], ClassificationRun, ClassificationSettings)
    vocabulary = Vocabulary(said["vocabulary"].split())
    if name == "dp":
        model = AttentionClassifier(len(vocabulary), embed_dim=2, scale=scale)
        weights |= {"pooling.query": torch.tensor([[1.0, 0.0]]), "output.weight": torch.tensor([[0.0, 1.0]])}
    else:
        model = create_model(run, vocabulary)
    model.load_state_dict(weights)
    return TrainedClassifier(model.eval(), vocabulary, run, seed, History(said["histories"][prefix]))


def save_classifiers(trained: Sequence[TrainedClassifier], folder: Path) -> None:
    """Write a classifier, or one at all its scales, in half precision, with what `load_classifier_pretrained` needs.

    Args:
        trained: classifiers of one name and one vocabulary; those of "dp-l" with the same embeddings.
        folder: for the file, which is called like the model.
    """
    name, vocabulary = trained[0].run.model, trained[0].vocabulary
    weights, runs, histories = {}, {}, {}
    for one in trained:
        prefix = "" if name == "han" else f"{one.run.options['scale']:g}."
        for key, tensor in _weights(one).items():
            is_shared = name == "dp-l" and key == "embedding.weight"
            weights[key if is_shared else f"{prefix}{key}"] = tensor.half().contiguous()
        runs[prefix] = {**asdict(one.run), "seed": one.seed}
        histories[prefix] = [one.history[one.history.best("accuracy")]]
    said = {"runs": runs, "histories": histories, "vocabulary": " ".join(vocabulary.words[len(SPECIALS) :])}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / f"{name}.safetensors", {"attnbook": json.dumps(said, ensure_ascii=False)})


def train_scales(run: ClassificationRun, corpus: TextCorpus, folder: Path) -> list[TrainedClassifier]:
    """Train a classifier with seed 0 at each scale, or go on; "han" once.

    Args:
        run: what is trained on what, without a scale.
        corpus: the one that the run names.
        folder: for a folder of each scale.

    Returns:
        The trained classifiers.
    """
    if run.model == "han":
        train_classifier(run, corpus, 0, folder)
        return [load_classifier(folder)]
    trained, embeddings = [], None
    for scale in (SHARED, *(scale for scale in SCALES if scale != SHARED)):
        scaled, place = replace(run, options={"scale": scale}), folder / f"{scale:g}"
        train_classifier(scaled, corpus, 0, place, embeddings=embeddings)
        trained.append(load_classifier(place))
        if run.model == "dp-l":
            embeddings = trained[0].model.embedding.weight.detach()
    return trained


def _weights(trained: TrainedClassifier) -> Mapping[str, Tensor]:
    model = trained.model
    if trained.run.model != "dp":
        return model.state_dict()
    directions = torch.cat([model.pooling.query, model.output.weight]).double()  # (2, E): V, W
    return {"embedding.weight": model.embedding.weight.detach().double() @ directions.T}  # (V, 2)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for own_name, own_run in RUNS.items():
        settings = own_run.settings
        own_corpus = load_text_corpus(own_run.data, min_count=settings.min_count, texts=settings.texts)
        save_classifiers(train_scales(own_run, own_corpus, Path(sys.argv[1], own_name)), Path("data", "classifiers"))
