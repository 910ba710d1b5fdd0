"""Exercise 3, and what all exercises share.

Imported before NumPy and PyTorch, this package sets their number of threads: the
products are too small for two, which would wait for each other.
"""

import os

for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
