"""Cancellation terms, tax rates, crew pay, and what the portal said that the books could not take yet."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.admin.inlines import ReadOnlyInline
from portfolio.models import (
    CancellationTerms,
    CrewPay,
    CrewPayUndone,
    TaxFiling,
    TaxRate,
    TermsStep,
    UnpostedDeed,
)


class TermsStepInline(ReadOnlyInline):
    model = TermsStep


@admin.register(CancellationTerms)
class CancellationTermsAdmin(ReadOnlyAdmin):
    """Terms are added and retired on their own page: those in use never change."""

    list_display = ["name", "entity", "active", "standard", "note"]
    list_filter = ["active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "note"]
    inlines = [TermsStepInline]


@admin.register(TermsStep)
class TermsStepAdmin(ReadOnlyAdmin):
    list_display = ["terms", "days_before", "refund_bp"]
    list_select_related = ["terms"]
    search_fields = ["terms__name"]


@admin.register(TaxRate)
class TaxRateAdmin(AuditedAdmin):
    """Rates with their source. A new rate is a new row from its day on; revenue set aside by an old one stays."""

    list_display = [
        "entity",
        "kind",
        "applies_to",
        "rate_bp",
        "effective_on",
        "collected_by_channel",
        "source",
    ]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity"]
    search_fields = ["applies_to", "source"]
    autocomplete_fields = ["entity"]

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """A rate was in force once; another follows it from a day on."""
        return False


@admin.register(TaxFiling)
class TaxFilingAdmin(AuditedAdmin):
    """To whom a tax is reported, how often and by when."""

    list_display = ["entity", "kind", "jurisdiction", "every", "due_day", "first_on", "source"]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity"]
    search_fields = ["jurisdiction", "source"]
    autocomplete_fields = ["entity"]


@admin.register(CrewPay)
class CrewPayAdmin(ReadOnlyAdmin):
    list_display = ["person", "on", "amount_minor", "entity", "booking", "paid_on", "void_on"]
    list_filter = ["entity"]
    list_select_related = ["entity", "booking"]
    search_fields = ["person", "key", "booking__reference"]
    date_hierarchy = "on"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch what a row's page shows beside it."""
        return super().get_queryset(request).select_related("entity", "booking", "entry", "paid_entry")


@admin.register(CrewPayUndone)
class CrewPayUndoneAdmin(ReadOnlyAdmin):
    list_display = ["pay", "paid_on", "undone_on", "paid_entry"]
    list_select_related = ["pay", "paid_entry"]
    search_fields = ["pay__person", "pay__key"]


@admin.register(UnpostedDeed)
class UnpostedDeedAdmin(ReadOnlyAdmin):
    list_display = ["booking", "deed", "on", "refusal", "since", "tried_at"]
    list_filter = ["deed"]
    list_select_related = ["booking"]
    search_fields = ["booking__reference", "refusal"]
