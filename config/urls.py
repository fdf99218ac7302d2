"""The map of addresses. Each app's own map is its `web/urls.py`."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.urls import include, path

from config.health import healthz
from config.icon import favicon
from crew.web.urls import account_urls

# The admin has no password door of its own: it sends people to the emailed code.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# A person has one address, on the person; a second one here would let its reader sign in as somebody else.
if admin.site.is_registered(EmailAddress):
    admin.site.unregister(EmailAddress)

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("favicon.ico", favicon, name="favicon"),
    path("account/", include(account_urls)),
    path("admin/", admin.site.urls),
    path("reports/", include("reports.web.urls")),
    path("portfolio/", include("portfolio.web.urls")),
    path("stripe/", include("portfolio.web.stripe_webhook")),
    path("mail/", include("mail.web.urls")),
    path("u/", include("mail.web.unsubscribe")),
    path("", include("crew.web.urls")),
]
