"""What holds for every test."""

import decision_boundary  # noqa: F401  before NumPy and PyTorch: one thread
import pytest
import torch


@pytest.fixture(autouse=True)
def same_global_random_numbers():
    torch.manual_seed(0)
