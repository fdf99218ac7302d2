"""Each lens says of the frozen sample what its snapshot holds, to the letter: see `tests/reports/lenses/snapshot.py`."""

import os

import pytest

from reports.lenses import LENSES
from tests.reports.lenses import snapshot
from tests.reports.sample_case import first_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]

WRITE = "SNAPSHOTS=write .venv/bin/python -m pytest tests/reports/lenses/test_snapshots.py"


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_a_lens_says_of_the_sample_what_its_snapshot_holds(lens: str) -> None:
    said, file = snapshot.of(first_edition(lens)), snapshot.path(lens)
    if os.environ.get("SNAPSHOTS") == "write":
        file.write_text(said)
    assert file.exists(), (
        f"The lens {lens} has no snapshot. Look at its edition, then write it with `{WRITE} -k {lens}`."
    )
    assert said == file.read_text(), (
        f"The lens {lens} no longer says what {file.name} holds. Where that is meant, write it anew with `{WRITE} -k {lens}` "
        "and read the difference."
    )


def test_no_snapshot_is_left_of_a_lens_that_is_gone() -> None:
    assert {file.stem for file in snapshot.FOLDER.glob("*.txt")} <= set(LENSES)
