"""Training a translator, and reading a trained one again."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from attnbook.data.batching import Batch, LengthBuckets, make_batch
from attnbook.data.subwords import Subwords
from attnbook.data.vocabulary import Vocabulary
from attnbook.models.encoder_decoder import EncoderDecoder, translation_loss
from attnbook.models.translators import create_translator
from attnbook.recipes.corpora import Corpus, Pieces, fingerprint
from attnbook.recipes.grading import grade_translations
from attnbook.recipes.run_file import print_grades, read_run, write_run
from attnbook.recipes.settings import Run, Settings
from attnbook.recipes.trained import Trained
from attnbook.training import History, create_schedule, fit, load_weights


def train_translator(
    run: Run,
    corpus: Corpus,
    seed: int,
    folder: Path,
    *,
    device: torch.device | str = "cpu",
    precision: str = "no",
) -> tuple[EncoderDecoder, History]:
    """Train one translator, or go on with it; the best epoch is the one with the best BLEU on the validation split.

    After each epoch its grades are printed on the error output.

    Args:
        run: what is trained on what.
        corpus: the one that the run names.
        seed: of the weights, the order of the batches and the dropout.
        folder: for checkpoints, the vocabularies and what `load_translator` needs; of this run and seed alone.
        device: where it is trained.
        precision: as for `fit`.

    Returns:
        The translator with its best weights, and the history of its training.

    Raises:
        ValueError: as `create_model`, `LengthBuckets` and `fit`; a folder of another run among them.
    """
    torch.manual_seed(seed)
    model = create_model(run, corpus.source, corpus.target).to(device)
    settings = run.settings
    buckets = LengthBuckets(corpus.train, sentences=settings.batch_size, seed=seed)

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = model(batch.source, batch.source_lengths, batch.target)
        return translation_loss(logits, batch.target, settings.label_smoothing)

    def evaluate(model: EncoderDecoder) -> dict[str, float]:
        grades, _ = grade_translations(model, corpus, corpus.valid)
        print_grades(run.model, seed, grades)
        return grades

    history = fit(
        model,
        partial(_batches, corpus, buckets),
        loss,
        optimizer=torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True),
        schedule=create_schedule("one_cycle", steps=settings.epochs * len(buckets)),
        epochs=settings.epochs,
        seed=seed,
        evaluate=evaluate,
        best="bleu",
        precision=precision,
        folder=folder,
        identity=_identity(run, seed, corpus.source, corpus.target),
    )
    corpus.source.save(folder / "source.json")
    corpus.target.save(folder / "target.json")
    write_run(run, seed, folder)
    return model, history


def load_translator(folder: Path | str) -> Trained:
    """Read a translator that `train_translator` has trained to the end.

    Args:
        folder: that it was given.

    Returns:
        The translator with its best weights, in evaluation mode, and its vocabularies and history.

    Raises:
        FileNotFoundError: no translator has been trained there to the end.
        ValueError: a file is damaged, or the checkpoint belongs to another run.
    """
    folder = Path(folder)
    run, seed = read_run(folder, Run, Settings, "translator")
    kind = Vocabulary if run.data == "generated" else Subwords
    source, target = kind.load(folder / "source.json"), kind.load(folder / "target.json")
    model = create_model(run, source, target)
    history = load_weights(model, folder, _identity(run, seed, source, target))
    return Trained(model.eval(), source, target, run, seed, history)


def create_model(run: Run, source: Pieces, target: Pieces) -> EncoderDecoder:
    """Create the translator of a run, with random weights.

    Args:
        run: whose model, sizes and options it has.
        source: the source's vocabulary.
        target: the target's vocabulary.

    Returns:
        The translator.

    Raises:
        ValueError: options that the model does not take.
    """
    size, source_std = run.settings.hidden_dim, run.settings.source_std
    sizes = {"embed_dim": size, "hidden_dim": size, "dropout": run.settings.dropout, "tie_embeddings": True}
    try:
        model = create_translator(run.model, len(source), len(target), **{**sizes, **run.options})
    except TypeError as error:
        raise ValueError(f"{run.model} does not take the options {dict(run.options)}: {error}") from error
    if source_std is not None:
        nn.init.normal_(model.encoder.embedding.weight, std=source_std)
    return model


def _batches(corpus: Corpus, buckets: LengthBuckets, epoch: int) -> DataLoader:
    buckets.set_epoch(epoch)
    return DataLoader(corpus.train, batch_sampler=buckets, collate_fn=make_batch)


def _identity(run: Run, seed: int, source: Pieces, target: Pieces) -> dict[str, object]:
    """What a checkpoint belongs to: another model, corpus or setting would go on from the wrong place."""
    said = asdict(run)
    settings = said.pop("settings")
    del settings["beam_size"]  # plays no part in training
    vocabularies = {"source_vocabulary": fingerprint(source), "target_vocabulary": fingerprint(target)}
    return {**said, **settings, "training_seed": seed, **vocabularies}
