"""Vendors are kept here too; bills and payments are in the books and only read."""

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.admin.inlines import ReadOnlyInline
from portfolio.models import Bill, BillLine, BillPayment, Vendor


@admin.register(Vendor)
class VendorAdmin(AuditedAdmin):
    list_display = ["name", "entity", "contractor", "tax_form_on", "terms_days", "active"]
    list_filter = ["contractor", "active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["entity"]
    raw_id_fields = ["account"]


class BillLineInline(ReadOnlyInline):
    model = BillLine


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    list_display = [
        "reference",
        "vendor",
        "entity",
        "issued_on",
        "due_on",
        "total_minor",
        "settled_minor",
        "void_on",
    ]
    list_filter = ["entity"]
    list_select_related = ["vendor", "entity"]
    search_fields = ["reference", "vendor__name"]
    inlines = [BillLineInline]


@admin.register(BillLine)
class BillLineAdmin(ReadOnlyAdmin):
    list_display = ["bill", "position", "account", "amount_minor", "description"]
    list_select_related = ["bill__vendor", "account"]
    search_fields = ["description", "bill__reference"]


@admin.register(BillPayment)
class BillPaymentAdmin(ReadOnlyAdmin):
    list_display = ["on", "vendor", "bill", "entity", "amount_minor", "reference", "void_on"]
    list_filter = ["entity"]
    list_select_related = ["vendor", "bill__vendor", "entity"]
    search_fields = ["reference", "vendor__name", "bill__reference"]
