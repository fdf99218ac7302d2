"""Technology, to be read: it is written on its own pages and by the domain, which mask what looks like a secret."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
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
class TechSystemAdmin(ReadOnlyAdmin):
    list_display = ["name", "entity", "kind", "exposure", "supported_until"]
    list_filter = ["kind", "exposure", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "slug"]


@admin.register(TechSnapshot)
class TechSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["covers_on", "source", "taken_at", "complete"]
    list_filter = ["source", "complete"]
    search_fields = ["source"]


@admin.register(TechFinding)
class TechFindingAdmin(ReadOnlyAdmin):
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
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ["at", "what", "change", "entity", "outcome", "restored_at"]
    list_filter = ["outcome", "entity"]
    list_select_related = ["entity"]
    search_fields = ["what", "change"]


@admin.register(DomainName)
class DomainNameAdmin(ReadOnlyAdmin):
    list_display = ["name", "entity", "expires_on", "certificate_expires_on", "spf", "dkim", "dmarc"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]


@admin.register(DnsRecord)
class DnsRecordAdmin(ReadOnlyAdmin):
    list_display = ["name", "type", "ttl", "value", "zone", "dangling", "seen_on"]
    list_filter = ["type", "dangling", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "value"]


@admin.register(CacheRule)
class CacheRuleAdmin(ReadOnlyAdmin):
    list_display = ["path", "seconds", "said_by", "entity"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["path", "said_by"]
