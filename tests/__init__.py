"""The tests, which mirror the source: `tests/mail/test_outbox.py` tests `mail/domain/outbox.py`."""
