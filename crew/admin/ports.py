"""Ports in the Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from core import clock
from core.admin import AuditedAdmin
from crew.models import Port


class PortForm(forms.ModelForm):
    """A port whose zone exists."""

    def clean_zone(self) -> str:
        """Refuse a zone that the zone database does not hold.

        Raises:
            forms.ValidationError: there is no such zone.
        """
        try:
            return clock.zone(self.cleaned_data["zone"]).key
        except clock.UnknownZoneError as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(Port)
class PortAdmin(AuditedAdmin):
    """Harbours and venues. Events keep the instants they have; those of a new event are worked out from here."""

    form = PortForm
    list_display = ["name", "slug", "latitude", "longitude", "zone"]
    list_filter = ["zone"]
    search_fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep the name that files know it by."""
        return ["slug"] if obj else []
