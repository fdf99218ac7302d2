"""Programme 15: a blast with everything real, while its workers are killed, its answers lost and its broker wiped.

Gunicorn takes the events of SES, two workers send, two beats tick. Whatever happens to them, nobody gets the mail twice;
what SES accepted is settled by its answer or its events; what a killed worker had claimed and SES never saw, a person
sends again; and then everybody has it.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings

from core import clock
from core.models import AuditEvent
from mail.domain import campaigns, decisions, delivery
from mail.models import Campaign, CampaignState, Message, State
from tests.factories.people import owner
from tests.mail import blast_campaign
from tests.mail.blast_crew import Crew, broker, crew, until
from tests.mail.endpoint import TOPIC, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

# Of each hundred requests so many are accepted and then not answered.
LOST = 0.02


@dataclass(frozen=True)
class Killed:
    """How many workers were killed, and the messages that said right after it that they were being sent."""

    times: int
    under_way: frozenset[int]


@pytest.mark.parametrize(
    ("many", "kills", "rate"),
    [
        pytest.param(300, 4, 50, marks=pytest.mark.once_postgresql),
        pytest.param(3_676, 20, 120, marks=pytest.mark.full),
    ],
)
def test_a_blast_reaches_everybody_once_whatever_dies(
    many: int,
    kills: int,
    rate: int,
    endpoint: Endpoint,
    redis_url: str,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surroundings = broker(redis_url)
    wakeups = redis.Redis.from_url(surroundings["REDIS_URL"])
    with crew(endpoint, tmp_path, **surroundings) as ship:
        blast_campaign.use(endpoint, settings, monkeypatch, url=ship.url)
        blast(ship, endpoint, many=many, kills=kills, rate=rate, wipe=wakeups.flushdb)


@pytest.mark.once
def test_a_blast_without_a_server_for_wakeups_reaches_everybody_once(
    endpoint: Endpoint, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wipe() -> None:
        for file in (tmp_path / "broker" / "queue").glob("*"):
            file.unlink(missing_ok=True)

    with crew(endpoint, tmp_path) as ship:
        blast_campaign.use(endpoint, settings, monkeypatch, url=ship.url)
        blast(ship, endpoint, many=60, kills=1, rate=20, wipe=wipe)


def blast(ship: Crew, endpoint: Endpoint, *, many: int, kills: int, rate: int, wipe: Any) -> None:
    """Send a campaign to so many, through all that may go wrong, and see how it ends."""
    seed = random.getrandbits(32)
    print(f"seed {seed}")
    by = owner()
    endpoint.set(rate=rate, promised=rate, lost=LOST, latency_ms=20)
    ship.web()
    endpoint.tell(url=f"{ship.url}/mail/sns", topic=TOPIC, version="2", twice=0.1, late=0.2)
    campaign = blast_campaign.draft(many, by=by)
    campaigns.start(campaign=campaign, by=by, at=clock.now())
    for number in (1, 2):
        ship.worker(number)
        ship.beat(number)
    dice = random.Random(seed)  # noqa: S311 - no secret
    killed = storm(ship, endpoint, campaign, many=many, kills=kills, rate=rate, wipe=wipe, dice=dice)

    until(lambda: nothing_moves(many), seconds=120 + many / rate, otherwise=lambda: told(ship, endpoint))
    events = endpoint.all_told(seconds=120)
    assert (events["refused"], events["given_up"]) == (0, 0), events["refusals"]
    # The ten minutes after which a silent sender is given up have passed.
    delivery.doubt_stale(at=clock.now() + delivery.STALE_AFTER + dt.timedelta(seconds=1))

    journal = endpoint.journal()
    accepted = {entry.tag: entry.id for entry in journal}
    assert len(accepted) == len(journal)
    rows = {str(row.public_id): row for row in Message.objects.all()}
    assert {tag: (row.state, row.provider_message_id) for tag, row in rows.items()} == {
        tag: (State.SENT, accepted[tag]) if tag in accepted else (State.IN_DOUBT, "") for tag in rows
    }
    # Only an event can have told the id of a mail whose answer was lost.
    lost = {rows[entry.tag].pk for entry in journal if entry.answered == "lost"}
    proven = subjects("mail:message:proven")
    assert lost
    assert lost <= proven
    # A worker that lived to see no answer says that it does not know.
    assert lost - killed.under_way <= subjects("mail:message:doubt")
    # A person is asked about nothing else than what a dead worker left, and that is no more than it had in hand.
    doubtful = [row for tag, row in rows.items() if tag not in accepted]
    assert proven | {row.pk for row in doubtful} <= lost | killed.under_way
    for row in doubtful:
        decisions.send_again(message=row, by=by, at=clock.now())
    until(lambda: ended(campaign), seconds=60, otherwise=lambda: told(ship, endpoint))

    events = endpoint.all_told(seconds=120)
    journal, stats = endpoint.journal(), endpoint.stats()
    assert Counter(address for entry in journal for address in entry.reached()) == {
        f"guest{number}@example.com": 1 for number in range(many)
    }
    # 503: to be posted again. 599: gunicorn closed an idle connection just then.
    assert set(events["answers"]) <= {"200", "503", "599"}
    sent = Message.objects.filter(campaign=campaign, state=State.SENT, delivered_at__isnull=False)
    assert {(str(row.public_id), row.provider_message_id) for row in sent} == {
        (entry.tag, entry.id) for entry in journal
    }
    assert sent.count() == Message.objects.count() == many
    assert killed.times == kills
    assert stats["lost"] >= len(lost)
    assert stats["throttled"]
    print(
        f"{many} sent, {kills} workers killed with {len(killed.under_way)} under way, {len(stats['throttled'])} "
        f"throttled, {stats['lost']} answers lost, {len(proven)} settled by events, {len(doubtful)} decided by a "
        f"person, events answered {events['answers']}"
    )


def storm(
    ship: Crew,
    endpoint: Endpoint,
    campaign: Campaign,
    *,
    many: int,
    kills: int,
    rate: int,
    wipe: Any,
    dice: random.Random,
) -> Killed:
    """Kill workers as the mail goes out, each time at another moment; return how many, and what they left.

    Meanwhile the rest of the campaign is released, SES takes less than it promised, and the broker is wiped. Now and then both die at once, so that surely the one that leads does.
    """
    moments = sorted(dice.sample(range(5, many - 5), kills))
    killed = 0
    under_way: set[int] = set()
    todo = {"release", "squeeze", "ease", "wipe"}

    def all_done() -> bool:
        nonlocal killed
        stats = endpoint.stats()
        accepted = stats["accepted"]
        if "release" in todo and accepted >= min(50, many // 3):
            # The owner does not wait for the first cohort's fate; rows of dead workers would hold it up.
            campaigns.release(campaign=campaign, by=None, at=clock.now())
            todo.discard("release")
        if "squeeze" in todo and accepted >= many // 4:
            # Another program takes most of what SES promised this account.
            endpoint.set(rate=3)
            todo.discard("squeeze")
        if "ease" in todo and stats["throttled"]:
            endpoint.set(rate=rate)
            todo.discard("ease")
        if "wipe" in todo and accepted >= many // 2:
            wipe()
            todo.discard("wipe")
        if killed < kills and accepted >= moments[killed]:
            both = killed % 4 == 0 and kills - killed > 1
            struck = (1, 2) if both else (dice.choice((1, 2)),)
            for number in struck:
                ship.kill(f"worker-{number}")
                killed += 1
            sending = Message.objects.filter(state=State.SENDING).values_list("pk", flat=True)
            left = set(sending) - under_way
            assert len(left) <= delivery.CONCURRENCY
            under_way.update(left)
            for number in struck:
                ship.worker(number)
        return killed == kills and not todo

    until(all_done, seconds=120 + 15 * kills, otherwise=lambda: told(ship, endpoint))
    return Killed(killed, frozenset(under_way))


def subjects(action: str) -> set[int]:
    """Return the messages to which an action was recorded."""
    found = AuditEvent.objects.filter(action=action).values_list("subject_id", flat=True)
    return {int(subject) for subject in found}


def nothing_moves(many: int) -> bool:
    """Tell whether everybody has a row, and none waits; rows of dead workers may still say that they are sent."""
    late = clock.now() - dt.timedelta(seconds=8)
    waiting = Message.objects.filter(state=State.QUEUED) | Message.objects.filter(
        state=State.SENDING, claimed_at__gt=late
    )
    return Message.objects.count() == many and not waiting.exists()


def ended(campaign: Campaign) -> bool:
    campaign.refresh_from_db()
    unsent = Message.objects.exclude(state=State.SENT)
    return campaign.state == CampaignState.FINISHED and not unsent.exists()


def told(ship: Crew, endpoint: Endpoint) -> str:
    """Return where everything stands, for a failure."""
    states = Counter(Message.objects.values_list("state", flat=True))
    campaign = Campaign.objects.values("state", "paused_why", "released_at", "queued_through_id").first()
    stats = endpoint.stats()
    stats["throttled"] = len(stats["throttled"])
    return f"{dict(states)} {campaign} {stats}\n{ship.tails()}"
