"""Whom a run reached, in words: a run that issued an edition and told nobody is not simply done."""

from collections import Counter
from dataclasses import dataclass

from mail.models import State
from reports.domain import deliveries
from reports.models import Run

_UNDER_WAY = (State.QUEUED, State.SENDING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run that is done: ``tone`` is that of a callout."""

    tone: str
    title: str
    text: str


def was_silent(run: Run) -> bool:
    """Tell whether a run issued an edition and put no mail on its way."""
    return run.edition_id is not None and run.mails == 0


def outcome(*, run: Run) -> Outcome:
    """Return what came of a run that is done, by how far the mails of its edition are now."""
    if run.edition is None:
        return Outcome("info", "Done", "A dry run: it was built and rendered, and nothing was kept or sent.")
    states = Counter(mail.state for mail in deliveries.of_edition(edition=run.edition))
    total = states.total()
    if not total and run.send_to == []:
        return Outcome("info", "Done, sent to nobody", "The edition is kept for the portal, as was asked.")
    if not total:
        return Outcome(
            "watch",
            "Nobody was told",
            f"The edition is issued and kept, and no mail went out: no recipient of {run.report.title} is named, and "
            "REPORT_RECIPIENTS is empty. Name one under Schedules.",
        )
    if states[State.SUPPRESSED] == total:
        return Outcome(
            "watch",
            "Nobody was told",
            "The edition is issued and kept, and no mail went out: "
            f"{_mails(total, 'its only reader’s address takes', 'the addresses of all its {} readers take')} no mail, for "
            "mail to them bounced, or they asked for none. Name a reader under Schedules whom mail reaches.",
        )
    missed = total - states[State.SENT] - sum(states[state] for state in _UNDER_WAY)
    if missed == total:
        return Outcome(
            "bad",
            "Nobody was reached",
            f"The edition is issued and kept, and {_mails(total, 'its only mail', 'none of its {} mails')} "
            f"{'did not arrive' if total == 1 else 'arrived'}. Its page says why, and sends again.",
        )
    told = [
        _mails(count, f"1 mail {word}", f"{{}} mails {word}")
        for word, count in (
            ("sent", states[State.SENT]),
            ("on its way" if sum(states[state] for state in _UNDER_WAY) == 1 else "on their way",
             sum(states[state] for state in _UNDER_WAY)),
            ("that did not go", missed),
        )
        if count
    ]  # fmt: skip
    text = f"The edition is issued and kept; {', '.join(told)}."
    return Outcome("watch" if missed else "good", "Done, but not for all" if missed else "Done", text)


def _mails(count: int, one: str, several: str) -> str:
    return one if count == 1 else several.format(count)
