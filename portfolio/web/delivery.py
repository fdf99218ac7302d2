"""Pages of deliveries: jobs, gates and incidents."""

from django.urls import URLPattern

from portfolio.web.parts import Part

urlpatterns: list[URLPattern] = []
PARTS: tuple[Part, ...] = ()
