"""Pages of channels: what is known of them over time."""

from django.urls import URLPattern

from portfolio.web.parts import Part

urlpatterns: list[URLPattern] = []
PARTS: tuple[Part, ...] = ()
