"""Configuration: settings from the environment, URLs, background work. The top floor; it may import every app."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
