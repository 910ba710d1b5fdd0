"""Where the results of a script go: tables, LaTeX macros and files."""

import io
import os


def save(options, name, macros, figure=None, files=None):
    """Write numbers/NAME.tex, figures/NAME.pdf and further files {path: bytes}.

    macros: {LaTeX macro: text or integer}
    """
    contents = {options.output / f"numbers/{name}.tex": macro_bytes(macros)}
    if figure is not None:
        contents[options.output / f"figures/{name}.pdf"] = figure_bytes(figure, "pdf")
    contents.update(files or {})
    write_files(contents)
    print("wrote", *contents, sep="\n  ")


def macro_bytes(macros):
    lines = [f"\\newcommand{{\\{name}}}{{{text}}}\n" for name, text in macros.items()]
    return "".join(lines).encode()


def figure_bytes(figure, format):
    """The figure as the content of a file: the same bytes for the same figure."""
    buffer = io.BytesIO()
    undated = {"CreationDate": None} if format == "pdf" else {}
    figure.savefig(buffer, format=format, metadata=undated)
    return buffer.getvalue()


def write_files(contents):
    """Write {path: bytes}; no file is replaced before all contents are on the disk."""
    temporary_paths = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            temporary_paths.append(temporary)
            temporary.write_bytes(content)
        for path, temporary in zip(contents, temporary_paths):
            temporary.replace(path)
    finally:
        for temporary in temporary_paths:
            temporary.unlink(missing_ok=True)


def print_table(rows, columns):
    """Print rows under the heads of columns {head: format}, such as "{share:.1f}"."""
    texts = [list(columns), *cells(rows, columns)]
    widths = [max(map(len, column)) for column in zip(*texts)]
    for row in texts:
        print("  ".join(text.rjust(width) for text, width in zip(row, widths)))


def latex_table(rows, columns):
    """The rows for LaTeX, where +- becomes its sign."""
    lines = [" & ".join(row) for row in cells(rows, columns)]
    return "\\\\\n".join(lines).replace("+-", r"$\pm$")


def cells(rows, columns):
    """A list of texts for each row, a NamedTuple; nan becomes --."""
    return [
        [form.format(**row._asdict()).replace("nan", "--") for form in columns.values()]
        for row in rows
    ]


def plain(number):
    """A number for running text: 10\\,000 for 10000, and 0.03 for 0.030000001."""
    return f"{number:,.6g}".replace(",", r"\,")
