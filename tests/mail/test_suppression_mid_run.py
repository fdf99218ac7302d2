"""Programme 16: people are suppressed while a campaign goes out to them, and nothing starts after that has committed.

A worker sends at a pace, SES throttles it for a while, and meanwhile readers unsubscribe by the public address, hard bounces
are told by SNS, and the office suppresses by hand, each time in another spelling of the address.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from pytest_django import Settings

from core import clock
from crew.models import Person
from mail.domain import campaigns, suppression, unsubscribe
from mail.models import Campaign, Message, Reason, Scope, State, Suppression
from tests.factories.people import owner
from tests.mail import blast_campaign
from tests.mail.blast_crew import Crew, crew, until
from tests.mail.endpoint import TOPIC, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

MANY, RATE = 200, 12
# So many are suppressed each way.
EACH = 10
# Whatever was claimed before a suppression committed is on its way within milliseconds; two busy cores may take longer,
# and a row left in the line would come much later: the run takes a quarter of a minute.
ALLOWANCE = 2.0
WAYS = ("unsubscribes", "bounces", "by hand")


@dataclass(frozen=True)
class Stopped:
    """Somebody suppressed: ``by_then`` is an instant at which it had surely committed, ``state`` the row's right after."""

    way: str
    by_then: float
    state: str


def test_nothing_starts_to_whom_is_suppressed_while_the_campaign_goes_out(
    endpoint: Endpoint, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.getrandbits(32)
    print(f"seed {seed}")
    dice = random.Random(seed)  # noqa: S311 - no secret
    by = owner()
    endpoint.set(rate=RATE, latency_ms=20)
    with crew(endpoint, tmp_path) as ship:
        blast_campaign.use(endpoint, settings, monkeypatch, url=ship.url)
        ship.web()
        ship.worker(1)
        ship.beat(1)
        endpoint.tell(url=f"{ship.url}/mail/sns", topic=TOPIC)
        campaign = blast_campaign.draft(MANY, by=by, first_cohort=MANY)
        numbers = dice.sample(range(MANY), EACH)
        mailed_before(ship, endpoint, campaign, numbers, by=by)
        campaigns.start(campaign=campaign, by=by, at=clock.now())
        stopped = stop_some(ship, endpoint, campaign, numbers, by=by, dice=dice)
        moving = Message.objects.filter(campaign=campaign, state__in=[State.QUEUED, State.SENDING])
        until(
            lambda: campaign.messages.count() == MANY and not moving.exists(),
            seconds=120,
            otherwise=ship.tails,
        )

    came = [
        (address, entry.arrived)
        for entry in endpoint.journal()
        if not entry.subject.startswith("[Test]")
        for address in entry.reached()
    ]
    arrived, latest = Counter(address for address, _ in came), dict(came)
    rows = {row.address_key: row for row in campaign.messages.all()}
    ends: Counter[tuple[str, str]] = Counter()
    for address, how in stopped.items():
        row = rows[address]
        ends[how.way, row.state] += 1
        assert how.state not in {State.QUEUED, State.HELD}, address
        if row.state == State.SENT:
            assert arrived[address] == 1
            assert row.claimed_at is not None
            assert row.claimed_at.timestamp() <= how.by_then, address
            assert latest[address] <= how.by_then + ALLOWANCE, address
        else:
            assert (row.state, arrived[address]) == (State.SUPPRESSED, 0), address
    others = set(rows) - set(stopped)
    assert {address: arrived[address] for address in others} == dict.fromkeys(others, 1)
    print(dict(ends), f"{len(endpoint.stats()['throttled'])} calls throttled")
    assert all(ends[way, State.SUPPRESSED] for way in WAYS)


def mailed_before(
    ship: Crew, endpoint: Endpoint, campaign: Campaign, numbers: list[int], *, by: Person
) -> None:
    """Send a test of the campaign to those whose address will bounce, in another spelling than the list has."""
    for number in numbers:
        address = blast_campaign.address(number).swapcase()
        campaigns.send_test(campaign=campaign, address=address, by=by, at=clock.now())
    until(lambda: len(endpoint.journal()) == len(numbers), seconds=60, otherwise=ship.tails)


def stop_some(
    ship: Crew, endpoint: Endpoint, campaign: Campaign, numbers: list[int], *, by: Person, dice: random.Random
) -> dict[str, Stopped]:
    """Suppress one after the other, whoever stands next in line or anybody, and return how it went."""
    earlier = {entry.reached()[0]: entry for entry in endpoint.journal()}
    by_address: dict[str, Stopped] = {}
    ways = [*WAYS] * EACH
    dice.shuffle(ways)
    bouncing = [blast_campaign.address(number).lower() for number in numbers]

    def unsubscribes(row: Message) -> None:
        said = urlencode(dict([unsubscribe.ONE_CLICK])).encode()
        with urlopen(f"{ship.url}/u/{unsubscribe.token(row.public_id)}", said) as answer:
            assert answer.status == 200

    def bounces(row: Message) -> None:
        endpoint.event(earlier[row.address_key], "hard")
        there = Suppression.objects.filter(address_key=row.address_key, reason=Reason.HARD_BOUNCE)
        until(there.exists, seconds=30, otherwise=ship.tails)

    def is_stopped(row: Message) -> None:
        scope = dice.choice([Scope.COMMERCIAL, Scope.ALL])
        suppression.add(
            address=row.to_address.swapcase(), scope=scope, reason=Reason.BY_HAND, by=by, at=clock.now()
        )

    deeds: dict[str, Callable[[Message], None]] = dict(
        zip(WAYS, (unsubscribes, bounces, is_stopped), strict=True)
    )
    until(campaign.messages.exists, seconds=60, otherwise=ship.tails)
    for turn, way in enumerate(ways):
        if turn == len(ways) // 3:
            # Claimed rows come back into the line, their readers suppressed meanwhile or not.
            endpoint.set(rate=3)
        if turn == len(ways) // 2:
            endpoint.set(rate=RATE)
        queued = (
            campaign.messages.filter(state=State.QUEUED).order_by("id").exclude(address_key__in=by_address)
        )
        mine = (
            queued.filter(address_key__in=bouncing)
            if way == "bounces"
            else queued.exclude(address_key__in=bouncing)
        )
        head = list(mine[: 4 if turn % 2 else MANY])
        if not head:
            continue
        row = dice.choice(head)
        deeds[way](row)
        then = time.time()
        state = Message.objects.values_list("state", flat=True).get(pk=row.pk)
        by_address[row.address_key] = Stopped(way, then, state)
    return by_address
