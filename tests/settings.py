"""The settings of the tests: those of the house, from an environment that no machine or `.env` can change.

``TEST_ENGINE`` (``sqlite``, the default, or ``postgresql``) says which engine this process tests;
``POSTGRES_TEST_URL`` names a PostgreSQL server where databases may be created. `bin/test` sets both.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config import env

ENGINE = os.environ.get("TEST_ENGINE", "sqlite")
# `bin/test` names a folder that goes when it ends. Else: shared memory is a file system in memory where there is one,
# and SQLite's files are then as quick as they can be.
_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108
_WHERE = os.environ.get("TEST_SCRATCH") or (_MEMORY if os.access(_MEMORY, os.W_OK) else None)
_SCRATCH = Path(tempfile.mkdtemp(prefix="quarterdeck-test-", dir=_WHERE))
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)

for _name in env.DECLARED:
    os.environ.pop(_name, None)
os.environ.update(
    ENV_FILE="",
    SECRET_KEY="tests-only-" + "x" * 50,
    BASE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DATA_DIR=str(_SCRATCH),
    HANDOFFS_DIR="demo/handoffs",
    MAIL_TRANSPORT="mailbox",
    AWS_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_EC2_METADATA_DISABLED="true",
    SES_FROM_ADDRESS="quarterdeck@example.com",
    ADMIN_BCC_ADDRESS="audit@example.com",
    REPORT_RECIPIENTS="owner@example.com",
    POSTAL_ADDRESS="1 Harbor Way, Long Beach, CA 90802",
    QUARTERDECK_ZONE="America/Los_Angeles",
    LOG_LEVEL="WARNING",
)
if ENGINE == "postgresql":
    os.environ["DATABASE_URL"] = os.environ["POSTGRES_TEST_URL"]

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

if ENGINE == "sqlite":
    # A file and not memory: threads and processes of a test then open real connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(_SCRATCH / "test.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_quarterdeck_{os.getpid()}"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0

# Files as they lie in static/: no collectstatic before a test.
STORAGES["staticfiles"] = {"BACKEND": "tests.static_files.Remembering"}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

# Thousands of requests are refused on purpose, and pytest keeps each line with its traceback and all that hangs on it.
LOGGING["loggers"]["django.request"] = {"level": "ERROR"}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
