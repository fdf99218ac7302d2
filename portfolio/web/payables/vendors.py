"""Vendors: the list, one of them with bills and payments, adding and changing."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from portfolio.domain.payables import queries, vendors
from portfolio.models import Vendor
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.payables.forms import VendorForm
from portfolio.web.payables.frame import frame
from portfolio.web.sisters import sister_choices

act_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.staff
def vendor_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List whom an entity pays, and what is owed to each."""
    entity = entity_or_404(request, slug)
    page = Paginator(queries.vendors(entity=entity), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolio/payables/vendors.html",
        {**frame(entity, "vendors"), "page_obj": page, "keeps": may(request, "keep", entity)},
    )


@require_safe
@access.staff
def vendor_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a vendor with its bills and the payments made without one."""
    vendor = record(request, Vendor.objects.select_related("entity", "account"), pk=pk)
    page = Paginator(queries.bills(entity=vendor.entity, vendor=vendor), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "portfolio/payables/vendor.html",
        {
            **frame(vendor.entity, "vendors", inside=True),
            "vendor": vendor,
            "page_obj": page,
            "keeps": may(request, "keep", vendor.entity),
        },
    )


@act_methods
@access.staff
def add_vendor(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down whom an entity pays."""
    entity = entity_or_404(request, slug, verb="keep")
    form = VendorForm(
        request.POST if request.method == "POST" else None,
        entity=entity,
        sisters=sister_choices(request, entity=entity),
    )
    if request.method == "POST" and form.is_valid():
        try:
            vendor = vendors.add(entity=entity, terms=form.terms(), by=request.user, at=clock.now())
        except vendors.VendorRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{vendor.name} is a vendor of {entity.name}.")
            return redirect("portfolio:vendor", pk=vendor.pk)
    return render(
        request,
        "portfolio/payables/vendor_form.html",
        {
            **frame(entity, "vendors", inside=True),
            "form": form,
            "heading": "Add a vendor",
            "submit": "Add the vendor",
            "back": reverse("portfolio:vendors", args=[slug]),
        },
        status=422 if form.errors else 200,
    )


@act_methods
@access.staff
def change_vendor(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what is known of a vendor."""
    vendor = record(request, Vendor.objects.select_related("entity"), pk=pk, verb="keep")
    initial = {name: getattr(vendor, name) for name in VendorForm.base_fields} | {
        "account": vendor.account_id or ""
    }
    form = VendorForm(
        request.POST if request.method == "POST" else None,
        entity=vendor.entity,
        sisters=sister_choices(request, entity=vendor.entity, chosen=vendor.sister_id),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            vendors.change(vendor=vendor, terms=form.terms(), by=request.user, at=clock.now())
        except vendors.VendorRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{form.cleaned_data['name']} is changed.")
            return redirect("portfolio:vendor", pk=pk)
    return render(
        request,
        "portfolio/payables/vendor_form.html",
        {
            **frame(vendor.entity, "vendors", inside=True),
            "form": form,
            "heading": f"Change {vendor.name}",
            "submit": "Save",
            "back": reverse("portfolio:vendor", args=[pk]),
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/payables/vendors/", vendor_list, name="vendors"),
    path("entities/<slug:slug>/payables/vendors/add/", add_vendor, name="add_vendor"),
    path("vendors/<int:pk>/", vendor_page, name="vendor"),
    path("vendors/<int:pk>/change/", change_vendor, name="change_vendor"),
]
