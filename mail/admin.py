"""Mail in the admin: to look things up. What changes here is changed by the outbox, by SES's events and on mail's pages."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core.admin import ReadOnlyAdmin
from mail.models import (
    Attempt,
    Campaign,
    MailingList,
    Message,
    MessageEvent,
    Notification,
    Pace,
    Segment,
    Subscriber,
    Suppression,
)


class _ReadOnlyInline(admin.TabularInline):
    """Rows shown beneath another; looked at, never edited."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AttemptInline(_ReadOnlyInline):
    model = Attempt


class MessageEventInline(_ReadOnlyInline):
    model = MessageEvent
    fields = ["at", "kind", "recipient", "detail", "provider_message_id"]


class SuppressionInline(_ReadOnlyInline):
    model = Suppression
    fields = ["address_key", "scope", "mailing_list", "reason", "detail", "created_at", "lifted_at"]


class SegmentInline(_ReadOnlyInline):
    model = Segment


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "to_address",
        "subject",
        "kind",
        "state",
        "transport",
        "tries",
        "settled_at",
        "delivered_at",
        "bounce",
        "complained_at",
        "rejected_at",
    ]
    list_filter = ["state", "kind", "composer", "transport", "bounce", "campaign"]
    search_fields = ["to_address", "subject", "dedupe_key", "provider_message_id", "public_id"]
    search_help_text = "Address, subject, dedupe key, SES message id, public id."
    exclude = ["sealed"]
    show_full_result_count = False
    inlines = [AttemptInline, MessageEventInline, SuppressionInline]


@admin.register(MessageEvent)
class MessageEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "recipient", "detail", "message"]
    list_filter = ["kind"]
    list_select_related = ["message"]
    search_fields = ["recipient", "provider_message_id", "detail"]
    search_help_text = "Recipient, SES message id, what the server said."
    show_full_result_count = False


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ["at", "transport", "outcome", "reason", "message"]
    list_filter = ["outcome", "transport"]
    list_select_related = ["message"]
    search_fields = ["message__to_address", "reason"]
    search_help_text = "Address, what the transport said."
    show_full_result_count = False


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "sns_id", "topic_arn"]
    search_fields = ["sns_id"]
    search_help_text = "Id of the SNS message."
    show_full_result_count = False
    inlines = [MessageEventInline]


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ["address_key", "scope", "mailing_list", "reason", "created_at", "lifted_at", "detail"]
    list_filter = ["scope", "reason", ("lifted_at", admin.EmptyFieldListFilter), "mailing_list"]
    list_select_related = ["mailing_list"]
    search_fields = ["address_key", "detail"]
    search_help_text = "Address, detail."


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ["name", "mailing_list", "segment", "state", "started_at", "released_at", "ended_at"]
    list_filter = ["state", "mailing_list"]
    list_select_related = ["mailing_list", "segment"]
    search_fields = ["name", "subject"]
    search_help_text = "Name, subject."


@admin.register(MailingList)
class MailingListAdmin(ReadOnlyAdmin):
    list_display = ["name", "slug", "purpose", "entity_slug", "created_at"]
    search_fields = ["name", "slug", "purpose"]
    search_help_text = "Name, purpose."
    inlines = [SegmentInline]


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    list_display = ["address", "name", "mailing_list", "consent_source", "consented_on", "added_at"]
    list_filter = ["mailing_list"]
    list_select_related = ["mailing_list"]
    search_fields = ["address", "name", "consent_source"]
    search_help_text = "Address, name, where they agreed."
    show_full_result_count = False


@admin.register(Pace)
class PaceAdmin(ReadOnlyAdmin):
    list_display = ["transport", "rate", "slowed", "daily", "used", "production", "read_at", "closed_until"]
