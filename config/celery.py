"""Background work: the Celery application and the whole timetable of beat.

Beat holds a few static sweeps and nothing else: each looks in the database for what is due, so a missed tick or a
lost wake-up heals itself with the next one. Business schedules are rows (`reports`), never entries here.
"""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("quarterdeck")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: float, task: str) -> dict[str, Any]:
    """Return a beat entry; a tick nobody took before the next one is dropped, so that ticks never pile up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "send mail that is due": _every(5, "mail.tasks.sweep"),
    "issue reports that are due": _every(30, "reports.tasks.sweep"),
    "hold positions whose papers lapsed": _every(60, "crew.tasks.sweep"),
}
