"""Technology: what people entered can be fixed; what a snapshot saw is only read."""

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import (
    CacheRule,
    Deployment,
    DnsRecord,
    DomainName,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSnapshot,
    TechSystem,
)


@admin.register(TechSystem)
class TechSystemAdmin(AuditedAdmin):
    list_display = ["name", "entity", "kind", "exposure", "supported_until"]
    list_filter = ["kind", "exposure", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["entity"]


@admin.register(TechSnapshot)
class TechSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["covers_on", "source", "taken_at", "complete"]
    list_filter = ["source", "complete"]
    search_fields = ["source"]


@admin.register(TechFinding)
class TechFindingAdmin(ReadOnlyAdmin):
    """Findings are noted, changed and fixed through the domain, which masks their evidence."""

    list_display = ["title", "entity", "kind", "severity", "exposure", "effort", "first_seen_on", "fixed_on"]
    list_filter = ["kind", "severity", "entity"]
    list_select_related = ["entity"]
    search_fields = ["key", "title"]


@admin.register(TechCost)
class TechCostAdmin(ReadOnlyAdmin):
    list_display = [
        "service",
        "entity",
        "month",
        "amount_minor",
        "forecast_minor",
        "saveable_minor",
        "snapshot",
    ]
    list_filter = ["entity"]
    list_select_related = ["entity", "snapshot"]
    search_fields = ["service"]


@admin.register(TechMeasure)
class TechMeasureAdmin(ReadOnlyAdmin):
    list_display = ["system", "on", "name", "value", "snapshot"]
    list_filter = ["name"]
    list_select_related = ["system", "snapshot"]
    search_fields = ["system__name", "name"]


@admin.register(Deployment)
class DeploymentAdmin(AuditedAdmin):
    list_display = ["at", "what", "change", "entity", "outcome", "restored_at"]
    list_filter = ["outcome", "entity"]
    list_select_related = ["entity"]
    search_fields = ["what", "change"]
    autocomplete_fields = ["entity", "system"]


@admin.register(DomainName)
class DomainNameAdmin(AuditedAdmin):
    list_display = ["name", "entity", "expires_on", "certificate_expires_on", "spf", "dkim", "dmarc"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]
    autocomplete_fields = ["entity"]


@admin.register(DnsRecord)
class DnsRecordAdmin(AuditedAdmin):
    list_display = ["name", "type", "ttl", "value", "zone", "dangling", "seen_on"]
    list_filter = ["type", "dangling", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "value"]
    autocomplete_fields = ["entity"]


@admin.register(CacheRule)
class CacheRuleAdmin(AuditedAdmin):
    list_display = ["path", "seconds", "said_by", "entity"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["path", "said_by"]
    autocomplete_fields = ["entity"]
