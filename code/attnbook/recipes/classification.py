"""Training a classifier of texts, and reading a trained one again."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from attnbook.data.text_batching import (
    DocumentBatch,
    DocumentBuckets,
    EncodedDocument,
    EncodedText,
    TextBatch,
    TextBuckets,
    make_document_batch,
    make_text_batch,
)
from attnbook.data.vocabulary import Vocabulary
from attnbook.layers.subword_embedding import SubwordEmbedding
from attnbook.models.classification import classification_loss
from attnbook.models.classifiers import Classifier, create_classifier, reads_documents
from attnbook.recipes.classification_grading import grade_accuracy
from attnbook.recipes.classification_settings import ClassificationRun, ClassificationSettings
from attnbook.recipes.corpora import fingerprint
from attnbook.recipes.run_file import print_grades, read_run, write_run
from attnbook.recipes.text_corpora import DOCUMENTS, TextCorpus, encode_examples
from attnbook.recipes.trained_classifier import TrainedClassifier
from attnbook.training import History, fit, load_weights

VOCABULARY_FILE = "vocabulary.json"


def train_classifier(
    run: ClassificationRun,
    corpus: TextCorpus,
    seed: int,
    folder: Path,
    *,
    embeddings: Tensor | None = None,
    device: torch.device | str = "cpu",
    precision: str = "no",
) -> tuple[Classifier, History]:
    """Train one classifier, or go on with it; the best epoch is the one with the best accuracy in validation.

    After each epoch its grades are printed on the error output.

    Args:
        run: what is trained on what.
        corpus: the one that the run names.
        seed: of the weights, the order of the batches and the dropout.
        folder: for checkpoints, the vocabulary and what `load_classifier` needs; of this run and seed alone.
        embeddings: (V, embed_dim) to take and keep as they are; None learns them.
        device: where it is trained.
        precision: as for `fit`.

    Returns:
        The classifier with its best weights, and the history of its training.

    Raises:
        ValueError: a model of documents for data that have none, embeddings beside n-grams; as `create_classifier`
            and `fit`, a folder of another run among them.
    """
    documents = reads_documents(run.model)
    if documents and run.data not in DOCUMENTS:
        allowed = " or ".join(DOCUMENTS)
        raise ValueError(f"{run.model} reads documents, and {run.data} has single texts: take {allowed}")
    if embeddings is not None and run.settings.character_ngrams:
        raise ValueError("given embeddings have no character n-grams: leave out character_ngrams, or give none")
    torch.manual_seed(seed)
    model = create_model(run, corpus.vocabulary)
    if embeddings is not None:
        model.embedding = nn.Embedding.from_pretrained(embeddings.clone(), freeze=True)
    model.to(device)
    settings = run.settings
    items = encode_examples(corpus.train, corpus.vocabulary, documents=documents)
    buckets = (DocumentBuckets if documents else TextBuckets)(items, settings.batch_size, seed=seed)

    def loss(model: nn.Module, batch: TextBatch | DocumentBatch) -> tuple[Tensor, int]:
        return classification_loss(model(batch.words, batch.lengths).logits, batch.labels)

    def evaluate(model: Classifier) -> dict[str, float]:
        grades = grade_accuracy(model, corpus.vocabulary, corpus.validation)
        print_grades(run.model, seed, grades)
        return grades

    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    history = fit(
        model,
        partial(_batches, items, buckets),
        loss,
        optimizer=torch.optim.Adam(learned, lr=settings.learning_rate, fused=True),
        epochs=settings.epochs,
        seed=seed,
        evaluate=evaluate,
        best="accuracy",
        average=settings.average,
        precision=precision,
        folder=folder,
        identity={**_identity(run, seed, corpus.vocabulary), "embeddings": _digest(embeddings)},
    )
    corpus.vocabulary.save(folder / VOCABULARY_FILE)
    write_run(run, seed, folder)
    return model, history


def load_classifier(folder: Path | str) -> TrainedClassifier:
    """Read a classifier that `train_classifier` has trained to the end.

    Args:
        folder: that it was given.

    Returns:
        The classifier with its best weights, in evaluation mode, and its vocabulary and history.

    Raises:
        FileNotFoundError: no classifier has been trained there to the end.
        ValueError: a file is damaged, or the checkpoint belongs to another run.
    """
    folder = Path(folder)
    run, seed = read_run(folder, ClassificationRun, ClassificationSettings, "classifier")
    vocabulary = Vocabulary.load(folder / VOCABULARY_FILE)
    model = create_model(run, vocabulary)
    history = load_weights(model, folder, _identity(run, seed, vocabulary))
    return TrainedClassifier(model.eval(), vocabulary, run, seed, history)


def create_model(run: ClassificationRun, vocabulary: Vocabulary) -> Classifier:
    """Create the classifier of a run, with random weights.

    Args:
        run: whose model, sizes and options it has.
        vocabulary: of the texts.

    Returns:
        The classifier.

    Raises:
        ValueError: options that the model does not take, fewer than 0 rows for n-grams.
    """
    sizes = {name: getattr(run.settings, name) for name in ("embed_dim", "hidden_dim", "dropout", "word_dropout")}
    try:
        model = create_classifier(run.model, len(vocabulary), **{**sizes, **run.options})
    except TypeError as error:
        raise ValueError(f"{run.model} does not take the options {dict(run.options)}: {error}") from error
    if rows := run.settings.character_ngrams:
        model.embedding = SubwordEmbedding(vocabulary.words, model.embedding.embedding_dim, rows=rows)
    return model


def _batches(items: Sequence[EncodedText | EncodedDocument], buckets: TextBuckets, epoch: int) -> DataLoader:
    buckets.set_epoch(epoch)
    make_batch = make_document_batch if isinstance(buckets, DocumentBuckets) else make_text_batch
    return DataLoader(items, batch_sampler=buckets, collate_fn=make_batch)


def _identity(run: ClassificationRun, seed: int, vocabulary: Vocabulary) -> dict[str, object]:
    """What a checkpoint belongs to: another model, corpus or setting would go on from the wrong place."""
    said = asdict(run)
    settings = said.pop("settings")
    return {**said, **settings, "training_seed": seed, "vocabulary": fingerprint(vocabulary)}


def _digest(embeddings: Tensor | None) -> str | None:
    return None if embeddings is None else sha256(embeddings.cpu().numpy().tobytes()).hexdigest()
