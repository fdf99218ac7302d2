"""Sealed secrets."""

import pytest
from pytest_django import Settings

from mail.domain import sealing

pytestmark = pytest.mark.once


def test_a_sealed_secret_opens_again_and_shows_nothing() -> None:
    sealed = sealing.seal("WDJB-MJHT")

    assert b"WDJB" not in sealed
    assert sealing.unseal(sealed) == "WDJB-MJHT"
    assert sealing.unseal(memoryview(sealed)) == "WDJB-MJHT"
    assert sealing.seal("WDJB-MJHT") != sealed


def test_a_retired_key_still_opens(settings: Settings) -> None:
    sealed = sealing.seal("WDJB-MJHT")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 50

    assert sealing.unseal(sealed) == "WDJB-MJHT"


def test_a_lost_key_is_told_in_a_sentence(settings: Settings) -> None:
    sealed = sealing.seal("WDJB-MJHT")
    settings.SECRET_KEY = "another-" + "y" * 50

    with pytest.raises(sealing.BrokenSealError, match="SECRET_KEY has changed since it was queued"):
        sealing.unseal(sealed)


def test_an_altered_secret_does_not_open() -> None:
    sealed = bytearray(sealing.seal("WDJB-MJHT"))
    sealed[20] ^= 1

    with pytest.raises(sealing.BrokenSealError):
        sealing.unseal(bytes(sealed))
