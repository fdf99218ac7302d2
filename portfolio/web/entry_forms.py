"""What a person typed for an entry: a head, and lines of which those left blank are skipped."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from core.money import MoneyError, format_minor, parse_minor
from portfolio.domain import documents, entries, ledger
from portfolio.models import Account, Booking, Entity, JournalEntry
from portfolio.web.forms import DayField

LINES, MORE, MOST_LINES = 8, 4, 100
MOST_FILES = 5
COLUMNS = ("account", "debit", "credit", "memo", "booking")


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class HeadForm(forms.Form):
    """The day and the words of an entry, and the key by which pressing twice posts once."""

    key = forms.CharField(max_length=36, widget=forms.HiddenInput)
    on = DayField(label="Date")
    memo = forms.CharField(
        label="Memo",
        max_length=ledger.MEMO_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_key(self) -> str:
        """Take only keys that a form of ours was given."""
        try:
            return str(uuid.UUID(self.cleaned_data["key"]))
        except ValueError as error:
            raise forms.ValidationError("This form is not ours any more; open it again.") from error


class CorrectionForm(HeadForm):
    """Besides, when and why the wrong entry is reversed."""

    reversed_on = DayField(label="Date of the reversal", help_text="A day of a month that is still open.")
    reason = forms.CharField(
        label="Reason",
        max_length=ledger.REASON_LIMIT,
        help_text="One sentence; it stays with the reversal for ever.",
    )
    field_order = ["reversed_on", "reason", "on", "memo"]


@dataclass
class TypedLine:
    """One line as typed, with what is wrong with it by column, and what it means where nothing is."""

    number: int
    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    meant: ledger.Line | None = None

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing was typed that says where money goes."""
        return not any(self.typed[name].strip() for name in ("account", "debit", "credit"))

    def cells(self) -> list[dict[str, Any]]:
        """Return the columns for the page: name, label, what was typed, what is wrong."""
        labels = {
            "account": "Account",
            "debit": "Debit",
            "credit": "Credit",
            "memo": "Memo",
            "booking": "Booking",
        }
        return [
            {
                "name": f"line-{self.number}-{name}",
                "column": name,
                "label": labels[name],
                "value": self.typed[name],
                "error": self.errors.get(name, ""),
            }
            for name in COLUMNS
        ]


class EntryForm:
    """A whole entry as typed."""

    def __init__(
        self,
        entity: Entity,
        *,
        data: Mapping[str, str] | None = None,
        files: Any = None,
        head: type[HeadForm] = HeadForm,
        initial: dict[str, Any] | None = None,
        lines: Sequence[dict[str, str]] = (),
    ) -> None:
        """Take what was posted, or what to begin with."""
        self.entity = entity
        self.names = entries.Names(entity)
        self.problems: list[str] = []
        self._added: list[str] = []
        self.files_error = ""
        self.documents: list[documents.Document] = []
        self._given: list[UploadedFile] = files.getlist("documents") if files is not None else []
        if data is None:
            self.head = head(initial={"key": new_key(), **(initial or {})})
            count = max(LINES, len(lines) + 2)
            blank = dict.fromkeys(COLUMNS, "")
            self.lines = [
                TypedLine(number, {**blank, **(lines[number] if number < len(lines) else {})})
                for number in range(count)
            ]
        else:
            self.head = head(data)
            self.lines = [
                TypedLine(number, {name: data.get(f"line-{number}-{name}", "") for name in COLUMNS})
                for number in range(_count(data.get("lines", "")))
            ]

    def where(self) -> str:
        """Return the id of the field to begin with: what is wrong first, what "More lines" added, or the head."""
        head = self.head.visible_fields()
        wrong = [field.id_for_label for field in head if self.head.is_bound and field.errors]
        cells = [cell["name"] for line in self.lines for cell in line.cells() if cell["error"]]
        found = [*wrong, *cells, *self._added]
        return next(iter(found), "" if self.has_errors else head[0].id_for_label)

    def more(self, data: Mapping[str, str], head: type[HeadForm]) -> None:
        """Add blank lines to what was typed, and judge nothing yet."""
        self.head = head(initial={name: data.get(name, "") for name in head.base_fields})
        first, last = len(self.lines), min(len(self.lines) + MORE, MOST_LINES)
        self._added = [f"line-{first}-account"] if first < last else []
        self.lines += [TypedLine(number, dict.fromkeys(COLUMNS, "")) for number in range(first, last)]

    def is_valid(self) -> bool:
        """Tell whether the head, the lines and the documents can be what they say."""
        for line in self.lines:
            if not line.is_blank:
                self._read(line)
        self._read_files()
        return self.head.is_valid() and not self.has_errors

    @property
    def has_errors(self) -> bool:
        """Tell whether anything is wrong."""
        return bool(
            self.head.errors or self.problems or self.files_error or any(line.errors for line in self.lines)
        )

    def meant(self) -> list[ledger.Line]:
        """Return the lines for the ledger."""
        return [line.meant for line in self.lines if line.meant is not None]

    def refuse(self, error: Exception) -> None:
        """Put a refusal of the books where it belongs."""
        place = {ledger.ClosedPeriodError: "on", ledger.FarDateError: "on"}.get(type(error))
        if isinstance(error, ledger.DifferentBodyError):
            self.problems.append(
                "This form posted an entry already. Press again to post what stands here as another entry."
            )
            self.renew()
        elif place is not None:
            self.head.add_error(place, str(error))
        else:
            self.problems.append(str(error))

    def renew(self) -> None:
        """Give the form another key, so that pressing again posts another entry."""
        self.head.data = {
            **{name: self.head.data.get(name, "") for name in self.head.fields},
            "key": new_key(),
        }

    def totals(self) -> dict[str, str]:
        """Return the debits, the credits and their difference, as far as the amounts can be read."""
        debit, credit = (
            sum(self._minor(line.typed[side]) for line in self.lines) for side in ("debit", "credit")
        )
        currency = self.entity.currency
        return {
            "debit": format_minor(debit, currency),
            "credit": format_minor(credit, currency),
            "difference": format_minor(debit - credit, currency),
        }

    def _minor(self, text: str) -> int:
        try:
            return parse_minor(text, self.entity.currency) if text.strip() else 0
        except MoneyError:
            return 0

    def _read(self, line: TypedLine) -> None:
        account, amount, booking = self._account(line), self._amount(line), self._booking(line)
        if len(line.typed["memo"]) > ledger.LINE_MEMO_LIMIT:
            line.errors["memo"] = f"This memo has more than {ledger.LINE_MEMO_LIMIT} characters; shorten it."
        elif "\x00" in line.typed["memo"]:
            line.errors["memo"] = "This memo has a character that cannot be kept; type it again."
        if not line.errors and account is not None and amount is not None:
            line.meant = ledger.Line(account, amount, booking, line.typed["memo"].strip())

    def _account(self, line: TypedLine) -> Account | None:
        text = line.typed["account"]
        if not text.strip():
            line.errors["account"] = "Say which account; type its code or a part of its name."
            return None
        try:
            return self.names.account(text)
        except ledger.LedgerError as error:
            line.errors["account"] = str(error)
            return None

    def _amount(self, line: TypedLine) -> int | None:
        debit, credit = line.typed["debit"].strip(), line.typed["credit"].strip()
        if bool(debit) == bool(credit):
            line.errors["debit" if not debit else "credit"] = (
                "Give the debit or the credit, not both."
                if debit
                else "Give an amount, as a debit or a credit."
            )
            return None
        column, text = ("debit", debit) if debit else ("credit", credit)
        try:
            minor = parse_minor(text[:60], self.entity.currency)
        except MoneyError as error:
            line.errors[column] = str(error)
            return None
        if minor <= 0:
            line.errors[column] = "Write an amount above zero; debit and credit say which way it goes."
            return None
        return minor if debit else -minor

    def _booking(self, line: TypedLine) -> Booking | None:
        reference = line.typed["booking"].strip()
        if not reference:
            return None
        try:
            if "\x00" in reference:
                raise entries.NotNamedError("There is no such booking; type its reference, or leave it out.")
            return entries.booking(entity=self.entity, reference=reference[:60])
        except ledger.LedgerError as error:
            line.errors["booking"] = str(error)
            return None

    def _read_files(self) -> None:
        if len(self._given) > MOST_FILES:
            self.files_error = f"Attach at most {MOST_FILES} documents at once; attach the others afterwards."
            return
        for given in self._given:
            try:
                self.documents.append(read_document(given))
            except documents.DocumentRefusedError as error:
                self.files_error = str(error)


def read_document(given: UploadedFile) -> documents.Document:
    """Look into an uploaded file, of which no more is read than can be kept.

    Raises:
        portfolio.domain.documents.DocumentRefusedError: it cannot be kept.
    """
    return documents.read(content=given.read(documents.MOST_BYTES + 1), name=given.name or "")


def lines_of(entry: JournalEntry) -> list[dict[str, str]]:
    """Return an entry's postings as a person would type them."""
    lines = []
    for posting in entry.postings.select_related("account", "booking"):
        amount = plain(abs(posting.amount_minor), entry.currency)
        lines.append(
            {
                "account": str(posting.account),
                "debit" if posting.amount_minor > 0 else "credit": amount,
                "memo": posting.memo,
                "booking": posting.booking.reference if posting.booking else "",
            }
        )
    return lines


def plain(minor: int, currency: str) -> str:
    """Write an amount as it is typed: no sign of its currency."""
    return format_minor(minor, currency).lstrip("$€£¥ACMX")


def new_key() -> str:
    """Return a key for a form that was not shown before."""
    return str(uuid.uuid4())


def _count(text: str) -> int:
    return min(int(text), MOST_LINES) if text.isascii() and text.isdigit() and len(text) < 4 else LINES
