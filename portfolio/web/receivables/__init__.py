"""Pages of receivables; each module keeps its own addresses."""

from portfolio.web.receivables import clients, invoices, overview, payments, refunds, reminders, work

urlpatterns = [
    *overview.urlpatterns,
    *invoices.urlpatterns,
    *clients.urlpatterns,
    *work.urlpatterns,
    *payments.urlpatterns,
    *refunds.urlpatterns,
    *reminders.urlpatterns,
]
