"""Pages of technology: systems, findings, snapshots and releases."""

from django.urls import URLPattern

from portfolio.web.parts import Part

urlpatterns: list[URLPattern] = []
PARTS: tuple[Part, ...] = ()
