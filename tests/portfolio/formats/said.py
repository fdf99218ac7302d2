"""A row of a note on one line, for tests that compare whole notes with what they should say."""

from portfolio.formats.cells import Cell
from portfolio.formats.handoff import HandoffRow


def said(row: HandoffRow) -> str:
    """Return a row's line, kind, shape and label, then each typed thing it says."""
    parts = [f"{row.line} {row.kind} {row.shape} {row.label!r}"]
    if row.subject:
        parts.append(f"subject={row.subject}")
    if row.value is not None:
        parts.append(f"value={_cell(row.value)}")
    plain = {
        "per": row.per, "position": row.position, "done": row.done, "severity": row.severity,
        "tags": "+".join(row.tags), "effort": row.effort, "due": row.due_on, "done_on": row.done_on,
    }  # fmt: skip
    parts += [f"{name}={value}" for name, value in plain.items() if value not in (None, "")]
    parts += [f"{header}={_cell(cell)}" for header, cell in row.cells.items()]
    return " | ".join(parts)


def _cell(cell: Cell) -> str:
    """Return a cell as its kind and its values, the text only where it is words."""
    values = {key: value for key, value in cell.as_json().items() if key not in ("text", "kind")}
    if cell.kind == "text":
        return f"text:{cell.text}"
    return ":".join([cell.kind, *(f"{key}={value}" for key, value in values.items())])
