"""The settings of the peer: django-post_office over django-ses, and nothing else that would cost it time.

django-ses does not pace itself here. With ``PEER_BATCH`` at 100 django-post_office is as it ships; each batch opens a boto3
client for each thread anew, so it is quickest when one batch takes the whole blast and no mail sent is logged.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

AS_IT_SHIPS = 100

_DATABASE = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "benchmarks-only"  # noqa: S105  # nosec B105
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The layout of our own campaigns.
        "DIRS": [Path(__file__).resolve().parents[2] / "templates"],
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
POST_OFFICE = {"BACKENDS": {"default": "django_ses.SESBackend"}}
if (_batch := int(os.environ["PEER_BATCH"])) != AS_IT_SHIPS:
    POST_OFFICE |= {"BATCH_SIZE": _batch, "LOG_LEVEL": 1}
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
