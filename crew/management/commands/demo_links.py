"""`manage.py demo_links`: prints the sign-in links of the sample's people."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crew.domain.demo_links import NoDemoLinksError, demo_sign_in_links


class Command(BaseCommand):
    """Print one link a line, who it is for before it."""

    help = "Prints ready-made sign-in links of the sample's people; they work on this machine only."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address that links start with."""
        parser.add_argument("--base-url", default=settings.BASE_URL, help="default: BASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the links."""
        try:
            links = demo_sign_in_links(base_url=options["base_url"])
        except NoDemoLinksError as error:
            raise CommandError(str(error), returncode=2) from error
        width = max(len(who) for who, _ in links)
        for who, url in links:
            self.stdout.write(f"  {who:<{width}}  {url}")
