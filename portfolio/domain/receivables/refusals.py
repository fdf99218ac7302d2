"""The one refusal of receivables; its message is a sentence for the person who asked."""


class RefusedError(Exception):
    """What was asked for cannot be done as described: what was wrong, and what to do."""
