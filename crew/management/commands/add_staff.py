"""`manage.py add_staff`: adds somebody with a duty, from the operator's own keyboard; the first owner comes this way."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import clock
from crew.domain import grants, people
from crew.models import Duty, Person
from portfolio.models import Entity


class Command(BaseCommand):
    """Add a person where there is none with that address, and give them a duty."""

    help = "Gives somebody a duty on one entity or on the whole portfolio, adding the person where needed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address, the duty, and where it holds."""
        parser.add_argument("email")
        parser.add_argument("duty", help=f"one of {', '.join(Duty.values)}")
        parser.add_argument("--entity", help="slug of one entity; without it the whole portfolio")
        parser.add_argument("--name", default="", help="shown in the portal and in mails")
        parser.add_argument(
            "--admin", action="store_true", help="may also open the Django admin, as superuser"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the person and the duty, both or neither."""
        if options["duty"] not in Duty.values:
            raise CommandError(
                f"{options['duty']!r} is not a duty; use one of {', '.join(Duty.values)}.", returncode=2
            )
        duty = Duty(options["duty"])
        entity = None
        if options["entity"]:
            entity = Entity.objects.filter(slug=options["entity"]).first()
            if entity is None:
                known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
                raise CommandError(
                    f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2
                )
        at = clock.now()
        try:
            with transaction.atomic():
                person = Person.objects.filter(email__iexact=options["email"].strip()).first()
                if person is None:
                    person = people.add_person(
                        email=options["email"],
                        name=options["name"],
                        at=at,
                        by=None,
                        superuser=options["admin"],
                    )
                elif options["admin"]:
                    people.open_admin(person=person, at=at, by=None)
                grant = grants.grant_duty(person=person, duty=duty, entity=entity, at=at, by=None)
        except (people.PersonRefusedError, grants.DutyHeldAlreadyError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"{person.email} is now {grant.get_duty_display().lower()} of {entity or 'the whole portfolio'}."
        )
