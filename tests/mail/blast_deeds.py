"""What a test lets a production process do once: `python -m tests.mail.blast_deeds VERB`, with its test's environment."""

import os
import sys

import django

django.setup()

from core import clock  # noqa: E402 - models exist only now
from crew.domain import links  # noqa: E402
from crew.domain.history import SYSTEM  # noqa: E402
from crew.models import EventGrant  # noqa: E402


def issue_links() -> None:
    """Issue a link for every role given, which mails it and wakes a worker through the real broker."""
    for grant in EventGrant.objects.select_related("event__entity", "person").order_by("pk"):
        links.issue(grant=grant, by=SYSTEM, at=clock.now())


if __name__ == "__main__":
    if os.environ["DJANGO_SETTINGS_MODULE"] != "config.settings":
        sys.exit("Run this under the production settings.")
    {"issue_links": issue_links}[sys.argv[1]]()
