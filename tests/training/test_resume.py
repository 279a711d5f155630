"""A run that stops, is killed or finds the disk full goes on as if nothing had been; it refuses what is not its own."""

import errno
import json
import math
import os
import pickle
import shutil
import time
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from attnbook.training import create_schedule, fit, load_weights
from attnbook.training.checkpoint import newest_checkpoint
from safetensors.torch import load_file
from small_task import ROWS, Tagger, accuracy, batches, build, die_at, loss, noisy_loss, train_noisily, without_time
from torch.utils.data import DataLoader

RANDOM_ROWS = torch.randn(24, 4, generator=torch.Generator().manual_seed(0))
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["attnbook.training", "torch._dynamo"])  # once, not in each process


@pytest.fixture(scope="module")
def unbroken():
    """Model and history of a run that nothing disturbed."""
    return train_noisily(None)


def check_same(found, expected):
    assert without_time(found[1]) == without_time(expected[1])
    for name, tensor in expected[0].state_dict().items():
        assert torch.equal(found[0].state_dict()[name], tensor), name


class Stop(Exception):
    pass


def stopping_after(updates):
    """A loss that ends the run in the middle of an update."""
    done = 0

    def stopping_loss(model, batch):
        nonlocal done
        done += 1
        if done > updates:
            raise Stop
        return noisy_loss(model, batch)

    return stopping_loss


@pytest.mark.parametrize("stops", [[len(ROWS)], [2], [1, 3, 2, len(ROWS) + 3]])
def test_a_run_that_stops_goes_on_bit_for_bit(stops, unbroken, tmp_path, monkeypatch):
    for updates in stops:
        monkeypatch.setattr("small_task.noisy_loss", stopping_after(updates))
        with pytest.raises(Stop):
            train_noisily(tmp_path)
        monkeypatch.undo()
    check_same(train_noisily(tmp_path), unbroken)
    check_same(train_noisily(tmp_path), unbroken)  # finished: nothing is trained again


def test_batches_of_a_data_loader_go_on_bit_for_bit(tmp_path):
    """It draws a random number of its own where an epoch begins, in the middle of one too."""

    def train(folder, updates=math.inf):
        torch.manual_seed(0)
        model, done = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(), torch.nn.Linear(4, 1)), 0

        def stopping_loss(model, batch):
            nonlocal done
            done += 1
            if done > updates:
                raise Stop
            return model(batch).square().sum(), len(batch)

        settings = {"optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "epochs": 2, "seed": 0, "folder": folder}
        settings["save_every"] = None if folder is None else 1
        return model, fit(model, lambda epoch: DataLoader(RANDOM_ROWS, batch_size=4), stopping_loss, **settings)

    with pytest.raises(Stop):
        train(tmp_path, 4)
    check_same(train(tmp_path), train(None))


def test_a_checkpoint_older_than_a_setting_is_taken_up(tmp_path):
    _, begun = train_noisily(tmp_path, epochs=1)
    path = newest_checkpoint(tmp_path) / "identity.json"
    said = json.loads(path.read_text())
    del said["run"]["average"]
    path.write_text(json.dumps(said))
    finished = train_noisily(tmp_path)
    assert finished[1][0] == begun[0]  # seconds among it: the first epoch was not trained again
    check_same(finished, train_noisily(None))


@pytest.mark.parametrize("best", ["accuracy", None])
def test_a_running_mean_of_the_weights_goes_on_bit_for_bit(best, tmp_path, monkeypatch):
    monkeypatch.setattr("small_task.noisy_loss", stopping_after(len(ROWS) + 2))
    with pytest.raises(Stop):
        train_noisily(tmp_path, average=0.8, best=best)
    monkeypatch.undo()
    unbroken = train_noisily(None, average=0.8, best=best)
    check_same(train_noisily(tmp_path, average=0.8, best=best), unbroken)
    model = build(dropout=0.2, normalise=True)[0]
    load_weights(model, tmp_path)
    check_same((model, unbroken[1]), unbroken)
    with pytest.raises(ValueError, match=r"average: 0\.8 in the checkpoint, None here"):
        train_noisily(tmp_path, best=best)


@pytest.mark.parametrize("name", ["constant", "linear", "inverse_square_root"])
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adadelta, torch.optim.AdamW])
def test_more_epochs_later_with_other_schedules_optimizers_and_accumulation(name, optimizer, tmp_path):
    def train(folder, epochs):
        model = build(dropout=0.3)[0]
        schedule = create_schedule(name, warmup=4, steps=30 if name == "linear" else None)
        settings = {"seed": 1, "accumulate": 2, "patience": 2, "best": "loss", "better": "lower", "progress": False}
        settings |= {"optimizer": optimizer(model.parameters(), lr=0.1), "schedule": schedule, "folder": folder}
        return model, fit(model, batches, loss, epochs=epochs, **settings)

    train(tmp_path, 1)
    train(tmp_path, 2)
    check_same(train(tmp_path, 4), train(None, 4))


def test_a_stopped_early_run_stays_stopped_and_keeps_its_best_weights(tmp_path):
    def train():
        model, optimizer = build()
        scores = iter([3.0, 2.0, 1.0])
        settings = {"best": "score", "patience": 2, "folder": tmp_path, "progress": False}
        evaluate = {"evaluate": lambda model: {"score": next(scores)}}
        return model, fit(model, batches, loss, optimizer=optimizer, epochs=9, seed=0, **settings, **evaluate)

    first = train()
    assert len(first[1]) == 3
    check_same(train(), first)
    assert torch.equal(
        load_file(newest_checkpoint(tmp_path) / "best.safetensors")["output.weight"], first[0].output.weight
    )


def test_resume_false_begins_anew(tmp_path):
    train_noisily(tmp_path)
    model, optimizer = build(size=8)  # another model: refused if it were read
    history = fit(model, batches, loss, optimizer=optimizer, epochs=1, seed=0, folder=tmp_path, resume=False)
    assert len(history) == 1
    assert len(load_weights(Tagger(size=8), tmp_path)) == 1


@pytest.mark.parametrize("event", range(1, 18))
def test_killed_while_writing_it_goes_on_from_the_checkpoint_before(event, unbroken, tmp_path):
    process = PROCESSES.Process(target=die_at, args=(event, tmp_path))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    # Four files and a rename make a checkpoint; from the second on, another rename puts the one before out of the way.
    written = (event > 5) + (event > 10) + (event > 16)
    newest = newest_checkpoint(tmp_path)
    assert (newest.name if newest else None) == (f"checkpoint-{written:06d}" if written else None)
    check_same(train_noisily(tmp_path), unbroken)
    assert len(list(tmp_path.iterdir())) == 1


def test_killed_at_any_time_it_goes_on(unbroken, tmp_path):
    killed = 0
    for wait in (0, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2):  # the shortest first: a run may end before the last
        process = PROCESSES.Process(target=train_noisily, args=(tmp_path,))
        process.start()
        time.sleep(wait)
        process.kill()
        process.join(60)
        killed += process.exitcode == -9
    check_same(train_noisily(tmp_path), unbroken)
    assert killed


@pytest.mark.parametrize("call", range(1, 7))
def test_a_full_disk_loses_nothing(call, unbroken, tmp_path, monkeypatch):
    train_noisily(tmp_path, epochs=1)
    before = newest_checkpoint(tmp_path)
    calls, flush = 0, os.fsync

    def full(descriptor):
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device; .*the one before still stands") as caught:
        train_noisily(tmp_path)
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    left = list(tmp_path.iterdir())
    assert len(left) == 1 and left[0].name >= before.name  # nothing half-made beside it
    check_same(train_noisily(tmp_path), unbroken)


def train_as(folder, model, **options):
    settings = {"optimizer": torch.optim.Adam(model.parameters()), "seed": 0, "identity": {"vocabulary": "12 words"}}
    return fit(model, batches, loss, epochs=2, folder=folder, progress=False, **{**settings, **options})


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda: Tagger(size=8), {}, r"embedding.weight: \[12, 16\] in the checkpoint, \[12, 8\] here"),
        (lambda: Tagger(normalise=True), {}, r"norm.weight: 'nothing' in the checkpoint, \[16\] here"),
        (Tagger, {"identity": {"vocabulary": "13 words"}}, "vocabulary: '12 words' in the checkpoint, '13 words' here"),
        (Tagger, {"identity": {"pair": "de-en"}}, "pair: 'nothing' in the checkpoint, 'de-en' here"),
        (Tagger, {"seed": 1}, "seed: 0 in the checkpoint, 1 here"),
        (Tagger, {"accumulate": 2}, "accumulate: 1 in the checkpoint, 2 here"),
        (Tagger, {"precision": "bf16"}, "precision: 'no' in the checkpoint, 'bf16' here"),
        (Tagger, {"schedule": create_schedule("constant")}, "schedule: None in the checkpoint, 'LambdaLR' here"),
    ],
)
def test_a_foreign_checkpoint_is_refused_and_left_alone(make, options, message, tmp_path):
    train_as(tmp_path, Tagger())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    model = make()
    weights = model.output.weight.clone()
    with pytest.raises(ValueError, match=rf"belongs to another model, vocabulary or run: .*{message}"):
        train_as(tmp_path, model, **options)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert torch.equal(model.output.weight, weights)
    assert set(vars(model)) == set(vars(Tagger()))


def test_an_identity_of_tuples_is_the_same_when_read_back(tmp_path):
    for _ in range(2):
        train_as(tmp_path, Tagger(), identity={"languages": ("zh", "en"), "merges": 8000})


def test_weights_for_evaluation(tmp_path):
    trained = Tagger()
    history = train_as(tmp_path, trained, evaluate=accuracy, best="accuracy")
    model = Tagger()
    assert load_weights(model, str(tmp_path), {"vocabulary": "12 words"}) == history
    assert torch.equal(model.output.weight, trained.output.weight)
    with pytest.raises(ValueError, match="vocabulary: '12 words' in the checkpoint, 'others' here"):
        load_weights(model, tmp_path, {"vocabulary": "others"})
    with pytest.raises(ValueError, match="another model"):
        load_weights(Tagger(size=8), tmp_path)
    with pytest.raises(FileNotFoundError, match="no complete checkpoint in"):
        load_weights(model, tmp_path / "elsewhere")


class Planted:
    """Run a command when unpickled."""

    def __init__(self, witness: Path):
        self.witness = witness

    def __reduce__(self):
        return (os.mkdir, (str(self.witness),))


@pytest.mark.parametrize("save", [lambda thing, file: pickle.dump(thing, file, protocol=2), torch.save])
def test_a_planted_pickle_is_refused_and_not_run(save, tmp_path):
    train_noisily(tmp_path / "run", epochs=1)
    witness = tmp_path / "witness"
    for name in ("state.pt", "model.safetensors"):
        with (newest_checkpoint(tmp_path / "run") / name).open("wb") as file:
            save({"optimizer": Planted(witness)}, file)
        with pytest.raises(ValueError, match="is damaged, or holds more than tensors and numbers"):
            train_noisily(tmp_path / "run")
    assert not witness.exists()
    pickle.loads(pickle.dumps(Planted(witness)))  # it would have run
    assert witness.exists()


WEIGHTS_AND_STATE = [(name, part) for name in ("state.pt", "model.safetensors") for part in (0.0, 0.5, 0.98)]
OTHERS = [("best.safetensors", 0.5), ("history.jsonl", 0.5), ("identity.json", 0.0), ("identity.json", 0.5)]


@pytest.mark.parametrize(("name", "part"), [*WEIGHTS_AND_STATE, *OTHERS])
def test_a_truncated_file_is_named(name, part, tmp_path):
    train_noisily(tmp_path, epochs=1)
    path = newest_checkpoint(tmp_path) / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=r"checkpoint-\d+ is damaged"):
        train_noisily(tmp_path)


def test_incomplete_checkpoints_are_passed_over(tmp_path):
    train_noisily(tmp_path, epochs=1)
    newest = newest_checkpoint(tmp_path)
    shutil.copytree(newest, tmp_path / "checkpoint-000999")
    (tmp_path / "checkpoint-000999" / "state.pt").unlink()
    (tmp_path / "checkpoint-000998.txt").write_text("notes")
    assert newest_checkpoint(tmp_path) == newest
