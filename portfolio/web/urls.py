"""The portfolio's pages, under ``/portfolio/``. Records are addressed by number; entities by slug."""

from django.urls import path

from portfolio.web import (
    accounts,
    acts,
    bookings,
    deferred,
    entities,
    imports,
    journal,
    journal_imports,
    payables,
    receivables,
    records,
    search,
    statements,
    stripe,
    tax,
    terms,
)

app_name = "portfolio"

urlpatterns = [
    path("", entities.entity_list, name="entities"),
    path("entities/<slug:slug>/", entities.entity_page, name="entity"),
    path("entities/<slug:slug>/months/", entities.month_list, name="months"),
    path(
        "entities/<slug:slug>/months/<month:month>/reconcile/", acts.reconcile_month, name="reconcile_month"
    ),
    path("entities/<slug:slug>/months/<month:month>/close/", acts.close_month, name="close_month"),
    path("entities/<slug:slug>/handoff/", entities.handoff_page, name="handoff"),
    path("entries/<int:pk>/reverse/", acts.reverse_entry, name="reverse_entry"),
    path("bookings/", bookings.booking_list, name="bookings"),
    path("bookings/add/", bookings.add_booking, name="add_booking"),
    path("bookings/<int:pk>/", bookings.booking_page, name="booking"),
    path("bookings/<int:pk>/change/", bookings.change_booking, name="change_booking"),
    path("bookings/<int:pk>/advance/", bookings.advance_booking, name="advance_booking"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/add/", imports.upload, name="upload"),
    path("imports/land/", imports.land, name="land"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("stakes/<int:pk>/sign/", acts.sign_stake, name="sign_stake"),
    path("channels/<int:pk>/move/", acts.move_channel, name="move_channel"),
    path("models/<int:pk>/adopt/", acts.adopt_model, name="adopt_model"),
    path("responsibilities/<int:pk>/hand-over/", acts.hand_over, name="hand_over"),
    path("contracts/<int:pk>/billing/", acts.set_billing, name="set_billing"),
    path("records/<slug:model>/<int:pk>/", records.record, name="record"),
    *accounts.urlpatterns,
    *journal.urlpatterns,
    *journal_imports.urlpatterns,
    *search.urlpatterns,
    *statements.urlpatterns,
    *payables.urlpatterns,
    *receivables.urlpatterns,
    *stripe.urlpatterns,
    *deferred.urlpatterns,
    *tax.urlpatterns,
    *terms.urlpatterns,
]
