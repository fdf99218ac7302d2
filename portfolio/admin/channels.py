"""What is known of channels over time. Gates are passed on their own page, which keeps the channel's list of them."""

from typing import Any

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import ChannelCount, ChannelGate, ChannelPresence, ChannelSpend


@admin.register(ChannelGate)
class ChannelGateAdmin(ReadOnlyAdmin):
    list_display = ["name", "channel", "position", "external", "passed_on", "evidence"]
    list_filter = ["external", "channel__entity"]
    list_select_related = ["channel"]
    search_fields = ["name", "channel__name"]


class ChannelRowAdmin(AuditedAdmin):
    """A dated row of a channel."""

    list_select_related = ["channel"]
    list_filter = ["channel__entity"]
    search_fields = ["channel__name", "source"]
    autocomplete_fields = ["channel"]

    def entity_of(self, obj: Any) -> str:
        """Return the slug of the channel's entity."""
        slug: str = obj.channel.entity.slug
        return slug


@admin.register(ChannelPresence)
class ChannelPresenceAdmin(ChannelRowAdmin):
    list_display = ["channel", "on", "photos", "listed_minor", "direct_minor", "reviews", "calendar_synced"]


@admin.register(ChannelCount)
class ChannelCountAdmin(ChannelRowAdmin):
    list_display = ["channel", "month", "step", "count", "source"]


@admin.register(ChannelSpend)
class ChannelSpendAdmin(ChannelRowAdmin):
    list_display = ["channel", "month", "spend_minor", "labour_minutes", "labour_rate_minor", "source"]
