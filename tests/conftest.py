"""What holds for every test."""

import sys

import decision_boundary  # noqa: F401  before NumPy and PyTorch: one thread
from decision_boundary.shared import results
import pytest
import torch


@pytest.fixture(autouse=True)
def same_global_random_numbers():
    torch.manual_seed(0)


@pytest.fixture
def numbers(monkeypatch, tmp_path):
    """numbers(script, options): the numbers that the script writes for the report."""

    def run_main(script, options=""):
        written = {}

        def save_results(options, name, values, *_):
            written.update(values)

        monkeypatch.setattr(results, "save_results", save_results)
        command = ["script", "--output", str(tmp_path), *options.split()]
        monkeypatch.setattr(sys, "argv", command)
        script.main()
        return written

    return run_main
