"""The words and tones that every form of an edition uses for badges, states and severities."""

from collections.abc import Iterable

from reports.document import ActionLine, Badge, BooksHead, Severity, Tone

BADGE_WORDS = {
    Badge.MEASURED: "measured",
    Badge.UNRECONCILED: "unreconciled",
    Badge.MODELLED: "modelled",
    Badge.ENTERED: "entered",
}
BADGE_MEANINGS = {
    Badge.MEASURED: "computed from the records of reconciled months",
    Badge.UNRECONCILED: "computed from records not yet reconciled with the bank",
    Badge.MODELLED: "computed from a model's assumptions",
    Badge.ENTERED: "entered by a person",
}
MARKS = {
    Badge.MEASURED: "meas",
    Badge.UNRECONCILED: "unrec",
    Badge.MODELLED: "mod",
    Badge.ENTERED: "ent",
}
STATE_WORDS = {"open": "Open", "overdue": "Overdue", "done": "Done", "later": "Later"}
STATE_TONES = {"open": Tone.PLAIN, "overdue": Tone.BAD, "done": Tone.GOOD, "later": Tone.MUTED}
STATUS_WORDS = {"new": "New", "open": "Open", "muted": "Muted", "cleared": "Cleared"}
SEVERITY_WORDS = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
}
# Signs of a chain's hash that stand in an edition; `verify_books --against` takes them.
HEAD_SHOWN = 16


def books_read(heads: Iterable[BooksHead]) -> str:
    """Return the sentence that says how far each entity's books were read, or nothing where none were."""
    shown = ", ".join(f"{head.slug} {head.number} {head.hash[:HEAD_SHOWN]}" for head in heads)
    return f"The books were read up to these entries: {shown}." if shown else ""


def action_state(action: ActionLine) -> str:
    """Return how an action stands: ``Overdue, carried over 3 editions, escalated on 10 Nov 2026``."""
    said = [STATE_WORDS[action.state]]
    if action.carried:
        said.append(f"carried over {count(action.carried, 'edition')}")
    if action.escalated_on is not None:
        said.append(f"escalated on {action.escalated_on:%-d %b %Y}")
    return ", ".join(said)


def action_tone(action: ActionLine) -> Tone:
    """Return the tone in which an action's state is printed; one that is escalated is bad, due or not."""
    return Tone.BAD if action.escalated_on is not None else STATE_TONES[action.state]


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: ``1 finding``, ``3 findings``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def one_line(text: str) -> str:
    """Return text on one line, for titles and subjects."""
    return " ".join(text.split())
