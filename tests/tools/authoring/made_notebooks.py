"""Notebooks made on the spot."""

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def notebook(*cells, kernel="python3"):
    """A notebook of code cells; a cell is its source, or (source, list of tags)."""
    from nbformat.v4 import new_code_cell, new_notebook

    nb = new_notebook(metadata={"kernelspec": KERNEL | {"name": kernel}})
    for cell in cells:
        source, tags = (cell, []) if isinstance(cell, str) else cell
        nb.cells.append(new_code_cell(source, metadata={"tags": tags} if tags else {}))
    return nb


def write_notebook(path, *cells, **options):
    import nbformat

    nbformat.write(notebook(*cells, **options), path)
    return path
