"""The settings of the peer: django-post_office over django-ses, and nothing else that would cost it time.

Its threads and the size of a batch are what was quickest here; each batch opens a boto3 client for each thread anew, so
one batch takes the whole blast.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

_DATABASE = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "benchmarks-only"  # noqa: S105  # nosec B105
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
    }
]
if _DATABASE.scheme == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _DATABASE.path,
            # As ours.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; "
                    "PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY;"
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
POST_OFFICE = {
    "BACKENDS": {"default": "django_ses.SESBackend"},
    "BATCH_SIZE": 5_000,
    "THREADS_PER_PROCESS": 5,
    "LOG_LEVEL": 1,
}
USE_SES_V2 = True
AWS_SES_REGION_NAME = "us-east-1"
AWS_SES_REGION_ENDPOINT_URL = os.environ["AWS_SES_ENDPOINT_URL"]
AWS_SES_AUTO_THROTTLE = None
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["nowhere"], "level": "ERROR"},
    "loggers": {"post_office": {"handlers": ["nowhere"], "level": "ERROR", "propagate": False}},
}
