"""The checklist as it stands on the event's page, and the pieces of it that a tap or a poll sends anew.

Two hundred rows are written here in Python, because the same loop in a template takes several times as long; page and
partial alike take their rows from `item_html`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crew.domain.checklists import ItemRow
from crew.models import ItemState, Phase

SHOWS = {"all": "All", "open": "Open", "mine": "Mine"}
_NOTHING = mark_safe("")
_TONES: dict[str, str] = {
    ItemState.PENDING: "",
    ItemState.CLAIMED: " pill--info",
    ItemState.ON_HOLD: " pill--watch",
    ItemState.COMPLETED: " pill--done",
}
# What a row says at once when it is tapped, before the answer is here.
_THEN = {"Claim": "Yours", "Done": "Completed", "Resume": "Yours"}


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one phase."""

    phase: str
    label: str
    rows: tuple[ItemRow, ...]
    is_open: bool

    @property
    def done(self) -> int:
        """Return how many are completed."""
        return sum(not row.is_open for row in self.rows)

    def items(self) -> SafeString:
        """Return the rows that are still to be completed."""
        return _lines(row for row in self.rows if row.is_open)

    def over(self) -> SafeString:
        """Return the rows that are completed."""
        return _lines(row for row in self.rows if not row.is_open)

    def progress(self, *, oob: bool = False) -> SafeString:
        """Return how far the phase is."""
        words = f"{self.done} of {len(self.rows)}"
        return format_html(
            '<span class="phase__done" id="phase-{}"{}><span class="number">{}</span>'
            '<progress value="{}" max="{}" aria-label="{}: {} completed"></progress></span>',
            self.phase,
            _oob(oob),
            words,
            self.done,
            len(self.rows),
            self.label,
            words,
        )


@dataclass(frozen=True, slots=True)
class Board:
    """A whole checklist in its phases, and what of it is shown."""

    groups: tuple[Group, ...]
    show: str

    @property
    def rows(self) -> Iterable[ItemRow]:
        """Return every row."""
        return (row for group in self.groups for row in group.rows)

    def tabs(self) -> list[dict[str, object]]:
        """Return the choices of what is shown; they work by the address alone."""
        return [
            {"label": label, "url": f"?show={show}#checklist", "current": show == self.show}
            for show, label in SHOWS.items()
        ]

    def summary(self, *, oob: bool = False) -> SafeString:
        """Return how much is left, critical items first."""
        rows = list(self.rows)
        critical = sum(row.critical and row.is_open for row in rows)
        held = sum(row.state == ItemState.ON_HOLD for row in rows)
        late = sum(row.late and row.is_open for row in rows)
        parts = [
            format_html('<strong class="checklist__critical">{} critical open</strong>', critical)
            if critical
            else format_html('<span class="checklist__clear">{}</span>', "No critical item is open"),
            format_html("<span>{} of {} completed</span>", sum(not row.is_open for row in rows), len(rows)),
        ]
        if held:
            parts.append(format_html("<span>{} on hold</span>", held))
        if late:
            parts.append(format_html("<span>{} late</span>", late))
        return format_html(
            '<p class="checklist__summary" id="checklist-summary"{}>{}</p>',
            _oob(oob),
            mark_safe(" ".join(parts)),  # noqa: S308  (each is escaped)
        )

    def counts(self) -> SafeString:
        """Return everything that counts, to be swapped in beside rows that changed."""
        parts = [self.summary(oob=True), *(group.progress(oob=True) for group in self.groups)]
        return mark_safe("".join(parts))  # noqa: S308  (each is escaped)


def board(rows: Sequence[ItemRow], show: str = "") -> Board:
    """Return rows in their phases; an unknown ``show`` shows all.

    A phase that is worked is open: the first with an item to be completed, and those in which the reader has one. Who
    asks for what is open or theirs alone gets every phase open, because what does not fit is left out there.
    """
    phases: dict[str, list[ItemRow]] = {}
    for row in rows:
        phases.setdefault(row.phase, []).append(row)
    show = show if show in SHOWS else "all"
    worked = next((phase for phase, found in phases.items() if any(row.is_open for row in found)), "")

    def is_open(phase: str) -> bool:
        return show != "all" or phase == worked or any(row.mine and row.is_open for row in phases[phase])

    groups = (
        Group(phase, Phase(phase).label, tuple(found), is_open(phase)) for phase, found in phases.items()
    )
    return Board(tuple(groups), show)


def item_html(row: ItemRow, *, oob: bool = False) -> SafeString:
    """Return one row; ``oob`` marks it to replace the one of the same id, wherever the answer went."""
    classes = "".join(
        (
            f"item item--{row.state}",
            " item--mine" if row.mine else "",
            " item--late" if row.late and row.is_open else "",
            " item--soon" if row.soon else "",
        )
    )
    # Two hundred of these stand on a page: what people wrote is escaped here, by hand, and nothing else needs it.
    return mark_safe(  # noqa: S308
        f'<li class="{classes}" id="item-{row.pk}"{_oob(oob)}>'
        f'<div class="item__text"><a id="item-{row.pk}-open" href="{row.url}">{escape(row.text)}</a>'
        f'<span class="item__facts"><span class="pill{_TONES[row.state]}">{row.state_word}</span>'
        f"{_CRITICAL if row.critical else ''}{_span(row.who) if row.state_word != 'Yours' else ''}"
        f'<span class="item__due">{row.due}</span>'
        f"{_span(row.role and f'for the {row.role.lower()}')}{_span(row.evidence)}</span>"
        f"{_note(row.note)}</div>{_button(row)}</li>"
    )


def said(sentence: str, *, refused: bool) -> SafeString:
    """Return a sentence for the region that is read out; the eye needs it only where something was refused."""
    return format_html(
        '<p class="checklist__said{}" id="checklist-said" hx-swap-oob="true">{}</p>',
        "" if refused else " visually-hidden",
        sentence,
    )


def _lines(rows: Iterable[ItemRow]) -> SafeString:
    return mark_safe("".join(map(item_html, rows)))  # noqa: S308  (each is escaped)


_CRITICAL = mark_safe('<span class="pill pill--critical">Critical</span>')
_OOB = mark_safe(' hx-swap-oob="true"')


def _oob(oob: bool) -> SafeString:
    return _OOB if oob else _NOTHING


def _span(words: str) -> str:
    return f"<span>{escape(words)}</span>" if words else ""


def _note(words: str) -> str:
    return f'<span class="item__note">{escape(words)}</span>' if words else ""


def _button(row: ItemRow) -> str:
    """Return the one thing to tap; addresses and labels are the house's own words."""
    if not row.action:
        return ""
    label = f'aria-label="{row.action}: {escape(row.text)}">{row.action}'
    if row.opens:
        return f'<a class="button item__do" id="item-{row.pk}-do" href="{row.action_url}" {label}</a>'
    quiet = "" if row.action == "Done" else " button--quiet"
    return (
        f'<button class="button item__do{quiet}" id="item-{row.pk}-do" formaction="{row.action_url}" '
        f'hx-post="{row.action_url}" data-then="{_THEN[row.action]}" {label}</button>'
    )
