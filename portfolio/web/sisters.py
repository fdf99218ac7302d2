"""Which other entity of the portfolio a client or a vendor may be, as forms offer it."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest

from core import access
from portfolio.models import Entity


def sister_field() -> forms.TypedChoiceField:
    """Return the field; `sister_choices` fills it."""
    return forms.TypedChoiceField(
        label="Sister entity",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Only where it is one of this portfolio: what you sell each other is taken off when they are read together.",
    )


def sister_choices(
    request: HttpRequest, *, entity: Entity, chosen: int | None = None
) -> list[tuple[Any, str]]:
    """Return the other entities this person may see, with the one that is chosen already, and first none."""
    seen = access.entity_ids(request.user)
    offered = Q(active=True) if seen is None else Q(active=True, pk__in=seen)
    rows = Entity.objects.filter(offered | Q(pk=chosen)).exclude(pk=entity.pk).order_by("name")
    return [("", "No sister entity"), *rows.values_list("pk", "name")]
