"""Sealing: keeping a secret in an outbox row such that the database alone does not give it away.

The key is derived from ``SECRET_KEY``; ``SECRET_KEY_FALLBACKS`` open what an older key sealed.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class BrokenSealError(ValueError):
    """A sealed secret that none of our keys opens."""


def seal(secret: str) -> bytes:
    """Return a secret encrypted and authenticated under the present key."""
    return _keys().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Return the secret.

    Raises:
        BrokenSealError: it was sealed under a key that is gone, or it was altered.
    """
    try:
        # PostgreSQL hands out a memoryview, SQLite bytes.
        return _keys().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise BrokenSealError(
            "The secret of this message cannot be opened: SECRET_KEY has changed since it was queued. "
            "Put the old key into SECRET_KEY_FALLBACKS, or let the person ask for a new mail."
        ) from error


def _keys() -> MultiFernet:
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret_key: str | bytes) -> Fernet:
    digest = salted_hmac("mail.domain.sealing", "outbox", secret=secret_key, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(digest))
