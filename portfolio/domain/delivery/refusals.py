"""The one refusal of deliveries; its message is a sentence for the person who asked."""


class JobRefusedError(Exception):
    """What was asked for cannot be done as described: what was wrong, and what to do."""
