"""Pages on which expenses are looked through."""

from django.urls import URLPattern

from portfolio.web.parts import Part

urlpatterns: list[URLPattern] = []
PARTS: tuple[Part, ...] = ()
