"""Pages of receivables; each module keeps its own addresses."""

from portfolio.web.receivables import (
    clients,
    invoices,
    laid_out,
    overview,
    payments,
    refunds,
    reminders,
    work,
)

urlpatterns = [
    *overview.urlpatterns,
    *invoices.urlpatterns,
    *clients.urlpatterns,
    *work.urlpatterns,
    *laid_out.urlpatterns,
    *payments.urlpatterns,
    *refunds.urlpatterns,
    *reminders.urlpatterns,
]
