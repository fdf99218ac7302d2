"""Pages of a rental: tickets, blocked nights, rates and papers."""

from django.urls import URLPattern

from portfolio.web.parts import Part

urlpatterns: list[URLPattern] = []
PARTS: tuple[Part, ...] = ()
