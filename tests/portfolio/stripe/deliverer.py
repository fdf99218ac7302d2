"""A process that is Stripe's sender, the web server and the worker at once, until it is killed.

``python -m tests.portfolio.stripe.deliverer SLUG SECRET FILE SEED``: each line of the file is an event to deliver, or
``csv PATH``. A line whose delivery was answered is printed; the parent delivers all others again.
"""

import json
import random
import sys
from pathlib import Path

import django

django.setup()

from django.test import RequestFactory  # noqa: E402

from core import clock  # noqa: E402
from portfolio import tasks  # noqa: E402
from portfolio.domain.stripe import landing  # noqa: E402
from portfolio.models import Entity, StripeEvent  # noqa: E402
from portfolio.web import stripe_webhook  # noqa: E402
from tests.portfolio.stripe.fake import signed  # noqa: E402


def say(line: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    slug, secret, file, seed = sys.argv[1:]
    source = random.Random(int(seed))  # noqa: S311 - the same run every time
    say("begin")
    for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines()):
        word, _, rest = line.partition(" ")
        if word == "csv":
            path = Path(rest)
            landing.land_file(
                entity=Entity.objects.get(slug=slug), data=path.read_bytes(), name=path.name, by=None, at=clock.now()
            )  # fmt: skip
        else:
            request = RequestFactory().post(
                f"/stripe/{slug}/", line.encode(), content_type="application/json",
                headers={"Stripe-Signature": signed(line, secret)},
            )  # fmt: skip
            answer = stripe_webhook.take(request, slug=slug)
            if answer.status_code != 200:
                say(f"refused {answer.status_code}")
                continue
        say(f"done {number}")
        # Some wake-ups are lost: the sweep has the event then.
        if word != "csv" and source.random() < 0.7:
            tasks.fetch_stripe_event(StripeEvent.objects.get(event_id=json.loads(line)["id"]).pk)
