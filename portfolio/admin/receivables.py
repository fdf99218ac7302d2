"""Receivables: clients and what is said of them can be fixed; what was issued, paid or billed is only read."""

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.admin.inlines import ReadOnlyInline
from portfolio.models import (
    Allocation,
    BillingProfile,
    Client,
    CreditNote,
    DunningLetter,
    Invoice,
    InvoiceLine,
    Milestone,
    NumberSeries,
    Payment,
    PaymentRefund,
    Rebillable,
    WorkEntry,
    WriteOff,
)


@admin.register(Client)
class ClientAdmin(AuditedAdmin):
    list_display = ["name", "entity", "email", "terms_days", "active"]
    list_filter = ["active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["entity"]


@admin.register(BillingProfile)
class BillingProfileAdmin(AuditedAdmin):
    list_display = ["name", "entity", "email", "first_days", "second_days", "third_days"]
    list_select_related = ["entity"]
    search_fields = ["name", "entity__slug"]
    autocomplete_fields = ["entity"]


@admin.register(WorkEntry)
class WorkEntryAdmin(ReadOnlyAdmin):
    list_display = ["on", "description", "contract", "who", "minutes", "billable", "invoice_line"]
    list_filter = ["billable", "contract__entity"]
    list_select_related = ["contract__client", "invoice_line"]
    search_fields = ["description", "who", "contract__client__name"]


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ["name", "contract", "amount_minor", "due_on", "reached_on", "invoice_line"]
    list_select_related = ["contract__client", "invoice_line"]
    search_fields = ["name", "contract__client__name"]


@admin.register(Rebillable)
class RebillableAdmin(ReadOnlyAdmin):
    list_display = ["on", "what", "contract", "amount_minor", "invoice_line"]
    list_filter = ["contract__entity"]
    list_select_related = ["contract__client", "invoice_line"]
    search_fields = ["what", "contract__client__name"]


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnlyAdmin):
    list_display = ["entity", "kind", "prefix", "last"]
    list_select_related = ["entity"]
    search_fields = ["entity__slug", "prefix"]


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ["description", "quantity_milli", "unit_minor", "amount_minor", "tax_minor", "account"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        "entity",
        "client",
        "state",
        "issued_on",
        "due_on",
        "total_minor",
        "settled_minor",
    ]
    list_filter = ["state", "entity"]
    list_select_related = ["entity", "client"]
    search_fields = ["reference", "client__name"]
    inlines = [InvoiceLineInline]


@admin.register(InvoiceLine)
class InvoiceLineAdmin(ReadOnlyAdmin):
    list_display = ["description", "invoice", "quantity_milli", "unit_minor", "amount_minor", "account"]
    list_select_related = ["invoice__client", "account"]
    search_fields = ["description", "invoice__reference"]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ["reference", "entity", "invoice", "issued_on", "amount_minor", "reason"]
    list_select_related = ["entity", "invoice"]
    search_fields = ["reference", "invoice__reference", "reason"]


@admin.register(WriteOff)
class WriteOffAdmin(ReadOnlyAdmin):
    list_display = ["on", "entity", "invoice", "amount_minor", "reason"]
    list_select_related = ["entity", "invoice"]
    search_fields = ["invoice__reference", "reason"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = [
        "on",
        "client",
        "entity",
        "amount_minor",
        "allocated_minor",
        "refunded_minor",
        "reference",
        "void_on",
    ]
    list_filter = ["entity"]
    list_select_related = ["entity", "client"]
    search_fields = ["client__name", "reference"]


@admin.register(PaymentRefund)
class PaymentRefundAdmin(ReadOnlyAdmin):
    list_display = ["on", "payment", "amount_minor", "entry"]
    list_select_related = ["payment__client", "entry"]
    search_fields = ["payment__client__name"]


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ["on", "invoice", "payment", "credit_note", "write_off", "amount_minor"]
    list_select_related = ["invoice", "payment__client", "credit_note", "write_off"]
    search_fields = ["invoice__reference"]


@admin.register(DunningLetter)
class DunningLetterAdmin(ReadOnlyAdmin):
    list_display = ["drafted_on", "entity", "client", "level", "message"]
    list_filter = ["level", "entity"]
    list_select_related = ["entity", "client", "message"]
    search_fields = ["client__name"]
