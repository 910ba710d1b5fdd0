"""Where results go: files that are written whole or not at all."""

import errno
import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def uninterrupted():
    """Signals that would end the program meanwhile, such as Ctrl-C, are ignored."""
    previous = {}
    if threading.current_thread() is threading.main_thread():  # or else Python refuses
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if number := getattr(signal, name, None):  # Windows has no SIGHUP
                previous[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@uninterrupted()
def write_files(files):
    """Write {path: bytes}: all of the files, or none.

    The contents go into hidden files beside their targets and are renamed when all
    are on the disk. Raises OSError, with the old files intact, when that fails.
    """
    staged, replaced, writer = {}, {}, f"{os.getpid()}-{threading.get_ident()}"
    try:
        for path, content in files.items():
            path = destination(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{writer}-{len(staged)}")
            staged[temporary] = path
            temporary.write_bytes(content)
        for temporary, path in staged.items():
            before = path.read_bytes() if path.exists() else None
            os.replace(temporary, path)
            replaced[path] = before
    except OSError as error:
        _restore(replaced)
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def _restore(files):
    """Give the files {path: bytes} the contents that they had; None: there was no file."""
    for path, content in files.items():
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)


def write_results(files, views=()):
    """Write the files and those of the views, print their paths, and close the views."""
    with uninterrupted():
        for view in views:
            files = files | view.files()
        write_files(files)
    print("wrote", *files, sep="\n  ")
    for view in views:
        view.close()


def destination(path):
    """Where `path` leads, links followed; OSError unless a file is there, or can be."""
    path = Path(os.path.realpath(path))
    try:
        path.lstat()
    except FileNotFoundError:
        return path
    if not path.is_file():
        raise OSError(errno.EEXIST, "there is something that is not a file", str(path))
    return path


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
