"""What all tests share: one thread, a fresh seed for each test, and few hypothesis examples."""

import os

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile(
    "attnbook", deadline=None, max_examples=30, derandomize=bool(os.environ.get("CI")), print_blob=True
)
settings.load_profile("attnbook")


@pytest.fixture(autouse=True)
def seed() -> None:
    """Give every test the same random numbers, whichever tests ran before it."""
    torch.manual_seed(0)
