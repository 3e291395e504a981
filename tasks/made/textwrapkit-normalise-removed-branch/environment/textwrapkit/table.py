"""Tables in plain text."""


def format_table(rows, headers):
    """Draw rows under headers, columns separated by two spaces."""
    table = normalise(rows, len(headers))
    widths = column_widths([headers] + table)
    lines = [join(headers, widths), join(["-" * width for width in widths], widths)]
    lines.extend(join(row, widths) for row in table)
    return "\n".join(lines)


def normalise(rows, columns):
    """Return each row as a list of `columns` strings, short rows filled with ''."""
    table = []
    for row in rows:
        cells = [str(cell) for cell in row]
        while len(cells) < columns:
            cells.append("")
        table.append(cells)
    return table


def column_widths(table):
    """Width of the widest cell of each column."""
    return [max(len(cell) for cell in column) for column in zip(*table)]


def join(cells, widths):
    """One line: cells padded to their column, nothing after the last word."""
    padded = [cell.ljust(width) for cell, width in zip(cells, widths)]
    return "  ".join(padded).rstrip()
