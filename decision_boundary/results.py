"""Where results go: files that are written whole or not at all."""

import os
import signal
import threading
from pathlib import Path


def write_files(files):
    """Write {path: bytes}: all of the files, or none.

    The contents go into hidden files beside their targets and are renamed when all
    are on the disk. Raises OSError, with the old files intact, when that fails.
    """
    staged = {}
    try:
        for path, content in files.items():
            path = Path(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            staged[temporary] = path
            temporary.write_bytes(content)
        _rename_all(staged)
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def write_results(files, views=()):
    """Write the files and those of the views, print their paths, and close the views."""
    for view in views:
        files = files | view.files()
    write_files(files)
    print("wrote", *files, sep="\n  ")
    for view in views:
        view.close()


def _rename_all(staged):
    """Rename every key to its value; Ctrl-C waits, for one run's files belong together."""
    main_thread = threading.current_thread() is threading.main_thread()
    previous = main_thread and signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for temporary, path in staged.items():
            os.replace(temporary, path)
    finally:
        if main_thread:
            signal.signal(signal.SIGINT, previous)


def numbers(command, values):
    """LaTeX macros, one per entry of {name: text}, as bytes; `command` made them."""
    lines = [f"% Written by: {command}"]
    lines += [f"\\newcommand{{\\{name}}}{{{text}}}" for name, text in values.items()]
    return ("\n".join(lines) + "\n").encode()


def scientific(x):
    """x to two digits, as LaTeX: $1.2\\cdot10^{-16}$, or a plain 0."""
    mantissa, exponent = f"{x:.1e}".split("e")
    return rf"${mantissa}\cdot10^{{{int(exponent)}}}$" if x else "0"


def table_rows(rows):
    """The rows of a LaTeX table, from the texts of their cells."""
    return "\\\\\n".join(" & ".join(row) for row in rows)
