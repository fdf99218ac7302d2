"""Starting senders in processes of their own, on the test's database."""

import os
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests import nursery


def database_url() -> str:
    """Return the address of the test database as a production process would be given it."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    user = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    return f"postgres://{user}@{quote(values['HOST'], safe='')}:{values['PORT']}/{values['NAME']}"


def start(*arguments: object, scratch: Path, **environment: str) -> nursery.Process:
    """Start ``tests.mail.sender``; its output is read through pipes."""
    return run("tests.mail.sender", *arguments, scratch=scratch, **environment)


def run(module: str, *arguments: object, scratch: Path, **environment: str) -> nursery.Process:
    """Start a module under the production settings, its data folder at ``scratch``."""
    return nursery.run(module, *map(str, arguments), environment={**production(scratch), **environment})


def production(scratch: Path) -> dict[str, str]:
    """Return the environment of a production process on the test's database, its data folder at ``scratch``."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "BASE_URL": "http://localhost:8000",
        "DATA_DIR": str(scratch),
        "DATABASE_URL": database_url(),
        "MAIL_TRANSPORT": "mailbox",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "SES_FROM_ADDRESS": settings.SES_FROM_ADDRESS,
        "ADMIN_BCC_ADDRESS": settings.ADMIN_BCC_ADDRESS,
    }
