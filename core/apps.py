"""Core: clock, months, money, audit trail and database guards. Knows no other app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"
