"""A process of its own that lands files until it is killed: ``python -m tests.portfolio.landing_process FILE…``."""

import sys
from pathlib import Path

import django

django.setup()

from core import clock  # noqa: E402
from portfolio.domain import intake  # noqa: E402
from portfolio.models import Entity  # noqa: E402


def say(line: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    entity = Entity.objects.get(slug="qos")
    for name in sys.argv[1:]:
        path = Path(name)
        say(f"landing {path.name}")
        landed = intake.land_bank(
            entity=entity, data=path.read_bytes(), name=path.name, by=None, at=clock.now()
        )
        say(f"landed {landed.new}")
