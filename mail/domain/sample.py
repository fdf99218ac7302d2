"""The sample's mailing list and a campaign drafted for it. All people are invented, all addresses are at example.com.

The handoff notes of the sample say that the list has 3,676 people and was never mailed; so it is here, and nothing is.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator

from core import clock
from mail.domain import campaigns, lists
from mail.models import Campaign, MailingList

PEOPLE = 3_676
NAME = "Concert and charter guests"

_FIRST = (
    "Ada", "Amara", "Anouk", "Bruno", "Carla", "Chidi", "Dalia", "Dev", "Edda", "Elena", "Emeka", "Farah", "Felix", "Gita",
    "Grace", "Hana", "Hugo", "Ines", "Iris", "Ivo", "Jonas", "June", "Kai", "Kira", "Lena", "Leon", "Lupe", "Mara", "Milo",
    "Mina", "Nadia", "Nils", "Noor", "Olive", "Oscar", "Pablo", "Petra", "Quinn", "Rafael", "René", "Rosa", "Ruth", "Sami",
    "Saskia", "Selma", "Tara", "Theo", "Tomás", "Umar", "Uma", "Vera", "Viggo", "Wanda", "Wim", "Xenia", "Yara", "Yusuf",
    "Zahra", "Zoë", "Zora",
)  # fmt: skip
_LAST = (
    "Abbott", "Acheson", "Barros", "Bellweather", "Brandt", "Castell", "Cavanagh", "Córdova", "Dalgaard", "Dunmore",
    "Eklund", "Escobedo", "Farrow", "Fennimore", "Gallego", "Grieve", "Halvorsen", "Hartwell", "Ibsen", "Imai", "Jardine",
    "Joubert", "Kowal", "Kirkbride", "Lindqvist", "Lovelace", "Marlowe", "Mbeki", "Moreau", "Nakata", "Novak", "Núñez",
    "O'Dell", "Okafor", "Orsini", "Pemberton", "Pryce", "Quist", "Quiroga", "Renner", "Rosales", "Santoro", "Sørby",
    "Szabo", "Tanaka", "Thorne", "Ueda", "Underhill", "Vance", "Vasquez", "Voss", "Whitlock", "Winterbourne", "Xiong",
    "Yardley", "Yoshida", "Zabala", "Zamora", "Ziegler", "Zuniga", "Ashdown", "Boyle", "Crane",
)  # fmt: skip
_PLAIN = str.maketrans("áéëíóöúñøÑ", "aeeioounoN", "' ")
# Where they agreed, into which segment that put them, and how many of a hundred.
_SOURCES = (
    ("Box ticked at the ticket checkout of JADA", "Concert guests", 44),
    ("Sign-up sheet at a jazz night, Harborview Room", "Concert guests", 17),
    ("Guest sheet signed aboard S/V Queen", "Charter guests", 21),
    ("Box ticked on the booking form of QueenofSanDiego", "Charter guests", 11),
    ("Newsletter form of JADA", "Newsletter", 7),
)  # fmt: skip

SUBJECT = "An evening of jazz, booked for you and yours"
BODY = """# Your own jazz night

Hello {{ first_name }},

You have heard our musicians by the water, or sailed with us past the place where they play. This winter we are opening
the calendar: **you can now book a whole concert**, for a birthday, a company evening, or no reason at all.

## How it works

1. Pick a date from November to March. Fridays and Saturdays go first.
2. Choose a trio or a quartet, and a room: the Harborview Room, your own, or the deck of S/V Queen while she lies at her dock.
3. We bring the musicians, the sound and the lights. You bring up to sixty people.

A concert starts at **$1,600** for a trio. Tickets and bookings are refunded until seven days before.

[See which evenings are free](https://jada.example.com/concerts?from=winter-letter)

## Coming up anyway

- *Friday, 4 December*: songs of the harbor, quartet
- *Saturday, 19 December*: a quiet night before the holidays, trio
- *Saturday, 16 January*: brass and strings, six players

If you would rather just sit and listen, [seats are $65](https://jada.example.com/tickets).

Answer this mail with a date and the number of people, and you have our offer within a day.

With thanks for every evening so far,
the people of JADA
"""


def load(*, at: dt.datetime) -> int:
    """Open the list and draft the campaign, once; return how many people came."""
    if MailingList.objects.filter(name=NAME).exists():
        return 0
    opened = lists.open_list(
        name=NAME,
        purpose="Two or three letters a year about concerts and evenings on the water.",
        entity_slug="jada",
        by=None,
        at=at,
    )
    came = lists.import_subscribers(
        mailing_list=opened, content=_file(clock.today(at=at)), filename="guests.csv", by=None, at=at
    )
    _draft(opened, at)
    return came.added


def _draft(opened: MailingList, at: dt.datetime) -> Campaign:
    draft = campaigns.Draft(
        name="Winter concerts: book your own",
        mailing_list=opened,
        segment=None,
        subject=SUBJECT,
        from_name="JADA",
        reply_to="concerts@example.com",
        body=BODY.strip(),
        # The handoff note's own model, and what a concert has brought so far.
        model_low_minor=1_000_000,
        model_high_minor=5_000_000,
        model_booking_minor=190_000,
    )
    return campaigns.create(draft=draft, by=None, at=at)


def _file(today: dt.date) -> bytes:
    """Return the list as the file it would have come in."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("email", "name", "consent_source", "consented_on", "segments"))
    writer.writerows(_people(today))
    return text.getvalue().encode()


def _people(today: dt.date) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield everybody: each pair of names once, in an order that looks drawn and is always the same."""
    pairs = len(_FIRST) * len(_LAST)
    for number in range(PEOPLE):
        drawn = number * 1_861 % pairs
        first, last = _FIRST[drawn % len(_FIRST)], _LAST[drawn // len(_FIRST)]
        source, segment = _source(number * 37 % 100)
        both = number % 13 == 0 and segment != "Newsletter"
        # Every eleventh sheet bears no date, and every fortieth no name.
        day = "" if number % 11 == 5 else (today - dt.timedelta(days=21 + number * 577 % 1_500)).isoformat()
        yield (
            f"{first}.{last}@example.com".translate(_PLAIN).lower(),
            "" if number % 40 == 39 else f"{first} {last}",
            source,
            day,
            "Concert guests|Charter guests" if both else segment,
        )


def _source(hundredth: int) -> tuple[str, str]:
    for source, segment, share in _SOURCES:
        if hundredth < share:
            return source, segment
        hundredth -= share
    raise ValueError("The shares of the sources add up to a hundred.")
