"""What holds for every test."""

import pytest
import torch


@pytest.fixture(autouse=True)
def same_global_random_numbers():
    torch.manual_seed(0)
