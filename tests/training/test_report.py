"""What the command lines share: the models of a run are read in the order of their seeds, and are of one run."""

from types import SimpleNamespace

import pytest
from attnbook.recipes.report import load_seeds


def test_the_models_of_a_run_come_in_the_order_of_their_seeds(tmp_path):
    for seed in (10, 2, 0):
        (tmp_path / f"seed-{seed}").mkdir()
    trained = load_seeds(tmp_path, "classifier", lambda folder: SimpleNamespace(run="dp", name=folder.name))
    assert [one.name for one in trained] == ["seed-0", "seed-2", "seed-10"]
    with pytest.raises(ValueError, match="holds classifiers of different runs"):
        load_seeds(tmp_path, "classifier", lambda folder: SimpleNamespace(run=folder.name))


def test_a_folder_without_a_seed_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no trained classifier: there is no folder seed-0 in it"):
        load_seeds(tmp_path, "classifier", SimpleNamespace)
