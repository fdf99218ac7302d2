"""The Django admin of this house: for staff who signed in themselves, never for a session that a link opened."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class Records(AdminSite):
    """The admin site."""

    site_header = "Quarterdeck records"
    site_title = "Quarterdeck"
    index_title = "Records"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in, unless they came by a link."""
        return super().has_permission(request) and not getattr(request.user, "by_link", False)


class RecordsConfig(AdminConfig):
    """Puts our site in the place of Django's."""

    default_site = "config.admin.Records"
