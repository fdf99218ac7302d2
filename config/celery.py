"""Background work: the Celery application and the whole timetable of beat.

Beat holds a few static sweeps and nothing else: each looks in the database for what is due, so a missed tick or a
lost wake-up heals itself with the next one. Business schedules are rows (`reports`), never entries here.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("quarterdeck")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def hold_little_of_the_file(**_: object) -> None:
    """Let a worker hold little of a SQLite file at once: it goes through long tables, and mail of 100,000 must not fill memory.

    The map of the file, which makes pages quick, counts as memory of the process however much the kernel shares it.
    """
    from django.db import connection  # noqa: PLC0415 - settings are read only now

    if connection.vendor == "sqlite":
        options = connection.settings_dict["OPTIONS"]
        options["init_command"] += " PRAGMA mmap_size=0; PRAGMA cache_size=-8192;"
        # A claim is on the disk before the mail leaves: one that a power cut took back would leave again.
        options["init_command"] += " PRAGMA synchronous=FULL;"


def _every(seconds: float, task: str) -> dict[str, Any]:
    """Return a beat entry; a tick nobody took before the next one is dropped, so that ticks never pile up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "send mail that is due": _every(5, "mail.tasks.sweep"),
    "issue reports that are due": _every(30, "reports.tasks.sweep"),
    "forget links that ran out": _every(3600, "reports.tasks.forget_links"),
    "fetch what Stripe told of": _every(60, "portfolio.tasks.sweep_stripe"),
    "write down the heads of the books": _every(3600, "portfolio.tasks.record_heads"),
    "score the forecasts": _every(3600, "portfolio.tasks.score_forecasts"),
    "earn what was served": _every(300, "portfolio.tasks.recognise_revenue"),
    "hold positions whose papers lapsed": _every(60, "crew.tasks.sweep"),
}
