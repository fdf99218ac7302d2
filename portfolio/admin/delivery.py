"""Yacht deliveries: facts can be fixed; a job's stage and its gates move on its own page."""

from typing import Any

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import DeliveryJob, JobCrew, JobGate, JobIncident, JobStep


@admin.register(DeliveryJob)
class DeliveryJobAdmin(AuditedAdmin):
    list_display = ["booking", "vessel", "from_place", "to_place", "stage", "promised_on", "arrived_on"]
    list_filter = ["stage"]
    list_select_related = ["booking"]
    search_fields = ["booking__reference", "vessel", "from_place", "to_place"]
    raw_id_fields = ["booking"]
    readonly_fields = ["stage", "arrived_on"]

    def entity_of(self, obj: Any) -> str:
        """Return the slug of the booking's entity."""
        slug: str = obj.booking.entity.slug
        return slug


@admin.register(JobStep)
class JobStepAdmin(ReadOnlyAdmin):
    list_display = ["job", "stage", "on"]
    list_filter = ["stage"]
    list_select_related = ["job"]
    search_fields = ["job__vessel", "job__booking__reference"]


@admin.register(JobGate)
class JobGateAdmin(ReadOnlyAdmin):
    list_display = ["name", "job", "kind", "passed_on"]
    list_filter = ["kind"]
    list_select_related = ["job"]
    search_fields = ["name", "job__vessel", "job__booking__reference"]


class JobRowAdmin(AuditedAdmin):
    """A row of a job."""

    list_select_related = ["job"]
    raw_id_fields = ["job"]

    def entity_of(self, obj: Any) -> str:
        """Return the slug of the job's entity."""
        slug: str = obj.job.booking.entity.slug
        return slug


@admin.register(JobCrew)
class JobCrewAdmin(JobRowAdmin):
    list_display = ["who", "role", "job", "days_tenths"]
    list_filter = ["role"]
    search_fields = ["who", "job__vessel"]


@admin.register(JobIncident)
class JobIncidentAdmin(JobRowAdmin):
    list_display = ["on", "what", "severity", "job"]
    list_filter = ["severity"]
    search_fields = ["what", "job__vessel"]
