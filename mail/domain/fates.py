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
            ("rejected by SES", message.rejected_at),
        )
        if at is not None
    ]
    if not told:
        return None
    bad = any(at is not None for at in (message.bounced_at, message.complained_at, message.rejected_at))
    words = ", ".join(told)
    return Fate(words=words[0].upper() + words[1:], bad=bad)
