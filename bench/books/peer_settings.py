"""The settings of the peers: nothing but what they need, and SQLite opened as we open it."""

import os
from urllib.parse import urlsplit

_DATABASE = urlsplit(os.environ["DATABASE_URL"])
_APPS = {
    "hordak": ["mptt", "hordak"],
    "django_ledger": [
        "django.contrib.admin",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django_ledger",
    ],
}

SECRET_KEY = "benchmarks-only"  # noqa: S105  # nosec B105
USE_TZ = True
DJANGO_LEDGER_USE_DEPRECATED_BEHAVIOR = False
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", *_APPS[os.environ["PEER"]]]
MIDDLEWARE: list[str] = []
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if _DATABASE.scheme == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _DATABASE.path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; "
                    "PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=8000;"
                ),
            },
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _DATABASE.path.lstrip("/"),
            "USER": _DATABASE.username,
            "HOST": _DATABASE.hostname,
            "PORT": _DATABASE.port,
            "CONN_MAX_AGE": 60,
        }
    }
