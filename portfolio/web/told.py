"""The question that every form of a payment asks where a statement told of the money already: which line is it?"""

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpRequest

from core.money import format_minor
from portfolio.domain import told
from portfolio.models import AccountRole, Entity, ImportedLine

APART = "apart"


class ToldForm(forms.Form):
    """A form with ``amount`` and ``on``; it offers the bank's unexplained lines of that amount near that day."""

    line = forms.ChoiceField(
        label="On the bank’s statement",
        required=False,
        help_text="Its line is in the books already; chosen here, the money is posted once.",
        error_messages={
            "invalid_choice": "That line has another amount or day, or is explained by now. Choose again."
        },
    )

    def offer(self, *, entity: Entity, role: AccountRole, incoming: bool) -> None:
        """Offer the lines that may be what is recorded here; call it when the other fields are set up."""
        amount, on = self._given("amount"), self._given("on")
        self.lines: list[ImportedLine] = []
        if isinstance(amount, int) and isinstance(on, dt.date):
            signed = amount if incoming else -amount
            self.lines = told.near(entity=entity, amount_minor=signed, on=on, role=role)
        if not self.lines and not (self.is_bound and self.data.get(self.add_prefix("line"))):
            del self.fields["line"]
            return
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            *(
                (str(row.pk), f"{row.on:%-d %b %Y}  {row.description[:60]}  {format_minor(row.amount_minor, entity.currency)}")
                for row in self.lines
            ),
            (APART, "None of these: it is other money"),
        ]  # fmt: skip
        self.order_fields([*(name for name in self.fields if name != "line"), "line"])
        if len(self.lines) == 1:
            self.fields["line"].initial = str(self.lines[0].pk)

    def told(self) -> dict[str, Any]:
        """Return the chosen line, and whether it is other money, as the domain takes them."""
        chosen = self.cleaned_data.get("line", "")
        return {
            "line": next((row for row in self.lines if str(row.pk) == chosen), None),
            "apart": chosen == APART,
        }

    def _given(self, name: str) -> Any:
        """Return what a field holds now, typed or proposed; None where it cannot be read."""
        field = self.fields[name]
        if not self.is_bound:
            return self.get_initial_for_field(field, name)
        try:
            return field.clean(field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))
        except forms.ValidationError:
            return None


def from_line(request: HttpRequest, *, entity: Entity, incoming: bool) -> dict[str, Any]:
    """Return what a form begins with where the page was asked for a bank line (``?line=``); nothing otherwise."""
    asked = request.GET.get("line", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 18):
        return {}
    row = told.unexplained(entity=entity).filter(pk=int(asked)).first()
    if row is None or (row.amount_minor > 0) != incoming:
        return {}
    return {"amount": abs(row.amount_minor), "on": row.on, "line": str(row.pk)}
