"""Helpers that several test files share."""

import importlib.util

from decision_boundary.shared.script import ROOT
import pytest


def mutant(path, right, wrong, tmp_path):
    """Load the module ROOT/path with its only occurrence of `right` made `wrong`."""
    source = (ROOT / path).read_text()
    assert source.count(right) == 1, f"{path} has {source.count(right)} of {right!r}"
    changed = tmp_path / "mutant.py"
    changed.write_text(source.replace(right, wrong))
    spec = importlib.util.spec_from_file_location(f"mutant_{id(changed)}", changed)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_error(ours, reference, *args, **kwargs):
    """Check that both functions raise the same type of error; return our message."""
    with pytest.raises(Exception) as expected:
        reference(*args, **kwargs)
    with pytest.raises(Exception) as actual:
        ours(*args, **kwargs)
    assert actual.type is expected.type
    return str(actual.value)
