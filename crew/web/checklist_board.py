"""The checklist as it stands on the event's page, and the pieces of it that a tap or a poll sends anew.

Two hundred rows are written here in Python, because the same loop in a template takes several times as long; page and
partial alike take their rows from `item_html`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crew.domain.checklists import ItemRow
from crew.models import ItemState, Phase

SHOWS = {"all": "All", "open": "Open", "mine": "Mine"}
_NOTHING = mark_safe("")
_TONES = {
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

    @property
    def done(self) -> int:
        """Return how many are completed."""
        return sum(not row.is_open for row in self.rows)

    def items(self) -> SafeString:
        """Return all rows of the phase."""
        return mark_safe("".join(item_html(row) for row in self.rows))  # noqa: S308  (each is escaped)

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
    """Return rows in their phases; an unknown ``show`` shows all."""
    phases: dict[str, list[ItemRow]] = {}
    for row in rows:
        phases.setdefault(row.phase, []).append(row)
    return Board(
        tuple(Group(phase, Phase(phase).label, tuple(found)) for phase, found in phases.items()),
        show if show in SHOWS else "all",
    )


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
    return format_html(
        '<li class="{}" id="item-{}"{}><div class="item__text"><a href="{}">{}</a>'
        '<span class="item__facts"><span class="pill{}">{}</span>{}{}<span class="item__due">{}</span>{}{}</span>{}</div>{}'
        "</li>",
        classes,
        row.pk,
        _oob(oob),
        row.url,
        row.text,
        _TONES[ItemState(row.state)],
        row.state_word,
        _CRITICAL if row.critical else _NOTHING,
        _span(row.who) if row.state_word != "Yours" else _NOTHING,
        row.due,
        _span(row.role and f"for the {row.role.lower()}"),
        _span(row.evidence),
        format_html('<span class="item__note">{}</span>', row.note) if row.note else _NOTHING,
        _button(row),
    )


def said(sentence: str, *, refused: bool) -> SafeString:
    """Return a sentence for the region that is read out; the eye needs it only where something was refused."""
    return format_html(
        '<p class="checklist__said{}" id="checklist-said" hx-swap-oob="true">{}</p>',
        "" if refused else " visually-hidden",
        sentence,
    )


_CRITICAL = mark_safe('<span class="pill pill--critical">Critical</span>')
_OOB = mark_safe(' hx-swap-oob="true"')


def _oob(oob: bool) -> SafeString:
    return _OOB if oob else _NOTHING


def _span(words: str) -> SafeString:
    return format_html("<span>{}</span>", words) if words else _NOTHING


def _button(row: ItemRow) -> SafeString:
    if not row.action:
        return _NOTHING
    if row.opens:
        return format_html(
            '<a class="button item__do" id="item-{}-do" href="{}" aria-label="{}: {}">{}</a>',
            row.pk,
            row.action_url,
            row.action,
            row.text,
            row.action,
        )
    return format_html(
        '<button class="button item__do{}" id="item-{}-do" formaction="{}" hx-post="{}" data-then="{}" '
        'aria-label="{}: {}">{}</button>',
        "" if row.action == "Done" else " button--quiet",
        row.pk,
        row.action_url,
        row.action_url,
        _THEN[row.action],
        row.action,
        row.text,
        row.action,
    )
