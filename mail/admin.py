"""Messages in the admin: to look things up. Their states are moved by the outbox and on the mailbox pages only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mail.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = [
        "created_at",
        "to_address",
        "subject",
        "state",
        "tries",
        "settled_at",
        "provider_message_id",
    ]
    list_filter = ["state", "composer", "transport"]
    search_fields = ["to_address", "subject", "dedupe_key", "provider_message_id", "public_id"]
    search_help_text = "Address, subject, dedupe key, SES message id, public id."
    exclude = ["sealed"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
