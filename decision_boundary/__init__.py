"""Exercise 3, and what all exercises share.

Imported before NumPy and PyTorch, this package sets their number of threads: the
matrices are too small to gain from more than one thread.
"""

import os

for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
