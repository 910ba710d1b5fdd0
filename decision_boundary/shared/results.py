"""Where results go: files written whole or not at all, tables, and LaTeX macros."""

import io
import os
from pathlib import Path
import re


def write_files(files):
    """Write {path: bytes}; no file is replaced before all contents are on the disk."""
    staged = {}
    try:
        for path, content in files.items():
            path = writable(path)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            staged[temporary] = path
            temporary.write_bytes(content)
        for temporary, path in staged.items():
            temporary.replace(path)
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def writable(path):
    """The path, with its folder made; OSError if no file can be there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is not a file")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent} is read-only")
    return path


def save_results(options, name, values, figure=None, views=(), files=None):
    """Write numbers/NAME.tex, figures/NAME.pdf, the views' GIFs and files {path: bytes}.

    values: {macro: text or number}, already rounded
    """
    files = {options.output / f"numbers/{name}.tex": macros(values)} | (files or {})
    if figure:
        files[options.output / f"figures/{name}.pdf"] = figure_bytes(figure)
    for view in views:
        files |= view.files()
    write_files(files)
    print("wrote", *files, sep="\n  ")
    for view in views:
        view.close()


def figure_bytes(figure, format="pdf"):
    """The figure as the content of a file: the same bytes for the same figure."""
    buffer = io.BytesIO()
    undated = {"CreationDate": None} if format == "pdf" else {}
    figure.savefig(buffer, format=format, metadata=undated)
    return buffer.getvalue()


def macros(values):
    """LaTeX macros, as bytes; 1.2e-16 becomes $1.2\\cdot10^{-16}$, and +- its sign."""
    lines = (f"\\newcommand{{\\{name}}}{{{x}}}\n" for name, x in values.items())
    text = "".join(lines).replace("+-", r"$\pm$")
    power = r"$\1\\cdot10^{\2\3}$"
    return re.sub(r"\b(\d\.\d)e\+?(-?)0?(\d+)", power, text).encode()


def table(heads, rows):
    """Print the rows of texts under their heads; returns the rows for LaTeX."""
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    for first, *others in [heads, *rows]:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:])]
        print("  ".join([first.ljust(widths[0]), *cells]))
    return "\\\\\n".join(" & ".join(row) for row in rows)


def scientific(x):
    """x with two digits: 1.2e-16, or a plain 0."""
    return f"{x:.1e}" if x else "0"
