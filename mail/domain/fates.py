"""What became of a message after it left, in words: what its recipient's server and reader made of it."""

from dataclasses import dataclass

from mail.models import Bounce, Message

BOUNCES: dict[str, str] = {Bounce.HARD: "hard bounce", Bounce.SOFT: "soft bounce"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message: the words, and whether they are bad news."""

    words: str
    bad: bool


def of(message: Message) -> Fate | None:
    """Return what became of a message, as SES told; None where it told nothing, or cannot."""
    told = [
        words
        for words, at in (
            ("delivered", message.delivered_at),
            (BOUNCES.get(message.bounce, ""), message.bounced_at),
            ("complaint", message.complained_at),
            ("opened", message.opened_at),
            ("clicked", message.clicked_at),
        )
        if at is not None
    ]
    if not told:
        return None
    bad = message.bounced_at is not None or message.complained_at is not None
    return Fate(words=", ".join(told).capitalize(), bad=bad)
