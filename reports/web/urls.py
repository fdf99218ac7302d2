"""The map of the reports' pages, namespace ``reports``, under ``/reports/``."""

from django.urls import URLPattern

app_name = "reports"

urlpatterns: list[URLPattern] = []
