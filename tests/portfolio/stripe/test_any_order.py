"""Events three times each, shuffled, from several processes that are killed: the same books as in order, to the cent."""

import datetime as dt
import random
import time
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.test import RequestFactory

from core import clock
from portfolio.domain import verification
from portfolio.domain.stripe import events, landing, payouts
from portfolio.models import (
    Entity,
    ImportedLine,
    JournalEntry,
    MonthlyBalance,
    Posting,
    StripeEvent,
    StripeEventState,
    StripePayout,
)
from portfolio.web import stripe_webhook
from tests.mail.processes import run
from tests.nursery import Process
from tests.portfolio.stripe import fake
from tests.portfolio.stripe.conftest import KEYS, SECRET, SECRETS, listening_books

SEED = random.SystemRandom().randrange(10**6)


def books_of(entity: Entity) -> dict[str, Any]:
    """Return all that the books of an entity say about Stripe, without ids of our own."""
    postings: dict[str | None, list[Any]] = {}
    for external_id, code, amount, reference in Posting.objects.filter(entry__entity=entity).values_list(
        "entry__external_id", "account__code", "amount_minor", "booking__reference"
    ):
        postings.setdefault(external_id, []).append((code, amount, reference or ""))
    return {
        "entries": {
            external_id: (on, memo, sorted(postings[external_id]))
            for external_id, on, memo in JournalEntry.objects.filter(entity=entity).values_list("external_id", "on", "memo")
        },
        "balances": {
            (code, month): amounts
            for code, month, *amounts in MonthlyBalance.objects.filter(account__entity=entity).values_list(
                "account__code", "month", "debit_minor", "credit_minor", "cash_minor"
            )
        },
        "lines": sorted(
            ImportedLine.objects.filter(entity=entity).values_list(
                "external_id", "on", "amount_minor", "description", "payout_id", "booking__reference", "body_hash",
            )
        ),
        "payouts": sorted(
            StripePayout.objects.filter(entity=entity).values_list(
                "payout_id", "amount_minor", "arrives_on", "state", "lines", "residual_minor"
            )
        ),
        "paid": sorted(entity.bookings.values_list("reference", "paid_minor")),
    }  # fmt: skip


def deliver(slug: str, body: str) -> int:
    """Post one event as Stripe does."""
    request = RequestFactory().post(
        f"/stripe/{slug}/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": fake.signed(body, SECRET)},
    )
    return stripe_webhook.take(request, slug=slug).status_code


def drain() -> None:
    """Sweep until nothing is due, long after every claim and wait has passed."""
    later = clock.now() + dt.timedelta(days=1)
    for _ in range(5):
        for pk in list(events.due(at=later).values_list("pk", flat=True)):
            events.process(pk=pk, at=later)
    assert not StripeEvent.objects.exclude(state=StripeEventState.DONE).values_list("type", "error")


def in_order(account: fake.Account, slug: str) -> None:
    """Deliver each event once when it happened, with the API as it was then."""
    for number, body in enumerate(account.bodies(slug)):
        account.shown = number
        assert deliver(slug, body) == 200
        events.process(pk=StripeEvent.objects.latest("pk").pk, at=clock.now())
    account.shown = fake.NEVER


class Senders:
    """Processes that deliver, and are killed at any moment and begun again with what was not answered."""

    def __init__(self, account: fake.Account, slug: str, address: str, folder: Path, seed: int) -> None:
        self.source = random.Random(seed)  # noqa: S311 - the same run every time
        self.slug, self.folder, self.runs = slug, folder, 0
        self.environment = {
            "STRIPE_API_BASE": address,
            "STRIPE_API_KEYS": f"{slug}={KEYS[slug]}",
            "STRIPE_WEBHOOK_SECRETS": f"{slug}={SECRETS[slug]}",
        }
        work = account.bodies(slug) * 3
        half = len(account.txns) // 2
        for name, part in (("first.csv", (0, half)), ("over.csv", (half - 5, None))):
            (folder / name).write_bytes(account.csv(*part))
            work.append(f"csv {folder / name}")
        self.source.shuffle(work)
        self.shares = [work[n::2] for n in range(2)]

    def start(self, share: list[str]) -> Process:
        """Start a process with what is left of a share."""
        self.runs += 1
        file = self.folder / f"share{self.runs}"
        file.write_text("\n".join(share), encoding="utf-8")
        return run(
            "tests.portfolio.stripe.deliverer", self.slug, SECRET, file, self.source.randrange(10**6), scratch=self.folder,
            **self.environment,
        )  # fmt: skip

    def work(self, kills: int, longest: float) -> None:
        """Let both shares be delivered, and kill so many processes meanwhile."""
        going = {n: self.start(share) for n, share in enumerate(self.shares)}
        for _ in range(kills):
            which = self.source.choice(list(going))
            process = going[which]
            first = process.stdout.readline()
            time.sleep(self.source.random() * longest)
            process.kill()
            self.settle(which, process, first)
            going[which] = self.start(self.shares[which])
        for which, process in going.items():
            self.settle(which, process, "")
            assert process.returncode == 0
            assert not self.shares[which]

    def settle(self, which: int, process: Process, first: str) -> None:
        """Take from a share what was answered."""
        out, err = process.communicate(timeout=600)
        assert "refused" not in out, out + err
        assert process.returncode in (0, -9), err
        done = {int(line.split()[1]) for line in (first + out).splitlines() if line.startswith("done")}
        self.shares[which] = [line for n, line in enumerate(self.shares[which]) if n not in done]


def same_books(
    folder: Path, address: str, account: fake.Account, rounds: int, kills: int, longest: float
) -> None:
    """Tell one history three ways and compare."""
    print(f"seed {SEED}")
    chaos, order, file = (listening_books(slug, rounds).entity for slug in ("qos", "jada", "csv"))
    in_order(account, "jada")
    landing.land_file(entity=file, data=account.csv(), name="all.csv", by=None, at=clock.now())
    expected = books_of(order)
    assert books_of(file) == expected
    Senders(account, "qos", address, folder, SEED).work(kills, longest)
    drain()
    assert books_of(chaos) == expected
    assert verification.verify_books() == []
    assert not payouts.residuals(entity=chaos, as_of=dt.date(2099, 1, 1))
    clearing = Posting.objects.filter(entry__entity=chaos, account__role="clearing").aggregate(
        left=Sum("amount_minor")
    )
    assert clearing["left"] == 0
    assert StripeEvent.objects.filter(entity=chaos).count() == len(account.events)
    assert {state for *_, state, _lines, _residual in expected["payouts"]} == {"paid", "failed"}


@pytest.mark.django_db(transaction=True)
def test_events_thrice_shuffled_and_killed_make_the_books_of_one_ordered_delivery(
    tmp_path: Path, stripe: str, account: fake.Account
) -> None:
    same_books(tmp_path, stripe, account, rounds=1, kills=2, longest=0.4)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("account", [fake.history(3)], ids=["three rounds"])
def test_events_survive_twenty_kills(tmp_path: Path, stripe: str, account: fake.Account) -> None:
    same_books(tmp_path, stripe, account, rounds=3, kills=20, longest=1.0)
