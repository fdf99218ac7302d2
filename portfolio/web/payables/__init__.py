"""Pages of what an entity owes, each module with its own addresses."""

from portfolio.web.payables import bills, contractors, opening, vendors

urlpatterns = [
    *bills.urlpatterns,
    *vendors.urlpatterns,
    *contractors.urlpatterns,
    *opening.urlpatterns,
]
