"""The one refusal of every format: which file, which line, which column, why, and what to do."""


class FormatError(ValueError):
    """A file that cannot be read as what it claims to be; nothing of it may be kept.

    ``line`` is 1-based and physical. ``column`` is the header or field where there is one, otherwise the
    character position as text, otherwise None. ``reason`` and ``fix`` are clauses; `str()` joins them into
    one sentence that a person can act on.
    """

    def __init__(self, *, file: str, line: int, column: str | None, reason: str, fix: str) -> None:
        """Keep the parts, so that a page may lay them out, and the sentence, so that a log may print it."""
        self.file, self.line, self.column, self.reason, self.fix = file, line, column, reason, fix
        where = f"{file} line {line}" if column is None else f"{file} line {line}, column {column}"
        super().__init__(f"{where}: {reason} \u2014 {fix}.")


def shown(text: str, limit: int = 60) -> str:
    """Quote what was found so that a sentence stays one line: escaped, and cut where it is long."""
    return repr(text if len(text) <= limit else text[:limit] + "\u2026")
