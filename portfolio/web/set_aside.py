"""Files that somebody looks at before they decide: laid aside for an hour, for them alone, by the print of their bytes."""

import datetime as dt
import hashlib
from typing import Any

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest

FOLDER = "uploads"
KEPT_SECONDS = 3600


def keep(request: HttpRequest, *, data: bytes, about: dict[str, str], salt: str) -> str:
    """Lay bytes aside and return the token that leads back to them."""
    sha256 = hashlib.sha256(data).hexdigest()
    default_storage.delete(_place(sha256, salt))
    default_storage.save(_place(sha256, salt), ContentFile(data))
    return signing.dumps({**about, "sha256": sha256, "by": request.user.pk}, salt=salt)


def take(request: HttpRequest, *, token: str, salt: str) -> tuple[dict[str, Any], bytes] | None:
    """Return what was said of a file and its bytes, or None where they wait no more or for somebody else."""
    try:
        about: dict[str, Any] = signing.loads(token, salt=salt, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    if about["by"] != request.user.pk:
        return None
    try:
        with default_storage.open(_place(about["sha256"], salt)) as file:
            return about, file.read()
    except FileNotFoundError:
        return None


def drop(*, sha256: str, salt: str) -> None:
    """Remove bytes that are decided upon."""
    default_storage.delete(_place(sha256, salt))


def forget_old(*, salt: str, now: dt.datetime) -> None:
    """Remove what was looked at and never decided upon."""
    folder = f"{FOLDER}/{_room(salt)}"
    if not default_storage.exists(folder):
        return
    for name in default_storage.listdir(folder)[1]:
        place = f"{folder}/{name}"
        try:
            if now - default_storage.get_modified_time(place) > dt.timedelta(seconds=2 * KEPT_SECONDS):
                default_storage.delete(place)
        except FileNotFoundError:
            continue  # Another process removed it meanwhile.


def _room(salt: str) -> str:
    return salt.rpartition(".")[2]


def _place(sha256: str, salt: str) -> str:
    return f"{FOLDER}/{_room(salt)}/{sha256}"
