"""What `bin/up` does before Django: ports, addresses, the first `.env`, one run a folder."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import starting
from environment import CannotGoOnError

from config import readers

pytestmark = pytest.mark.once


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("asked", "base_url", "address"),
    [
        (None, "", (8000, "http://localhost:8000")),
        (9000, "", (9000, "http://localhost:9000")),
        (None, "http://localhost:8123", (8123, "http://localhost:8123")),
        (9000, "http://localhost:8123", (9000, "http://localhost:9000")),
        (9000, "http://127.0.0.1:8123/", (9000, "http://127.0.0.1:9000")),
        (None, "https://quarterdeck.example.com", (8000, "https://quarterdeck.example.com")),
    ],
)
def test_an_address_of_this_machine_follows_the_port(
    asked: int | None, base_url: str, address: tuple[int, str]
) -> None:
    assert starting._address(asked, base_url) == address


def test_a_taken_port_is_told_with_a_free_one(taken_port: int) -> None:
    with pytest.raises(CannotGoOnError, match=rf"Port {taken_port} is taken .* run: bin/up --port \d+"):
        starting._require_free(taken_port)


@pytest.mark.parametrize("given", ["0", "65536", "-1", "eighty", "٨٠٠٠", "8_000", ""])
def test_a_port_that_is_none_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        starting.main([f"--port={given}"])

    assert refused.value.code == 2
    assert "is not a port; use a number from 1024 to 65535" in capsys.readouterr().err


def test_the_first_env_is_private_and_has_a_key_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        starting._write_env(tmp_path / name, port=8123, demo=True)

    written = readers.read_file(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert len(written["SECRET_KEY"]) == 64
    assert written["SECRET_KEY"] != readers.read_file(tmp_path / "b")["SECRET_KEY"]
    assert {name: text for name, text in written.items() if name != "SECRET_KEY"} == {
        "BASE_URL": "http://localhost:8123",
        "DEMO": "1",
        "MAIL_TRANSPORT": "mailbox",
        "SES_FROM_ADDRESS": "quarterdeck@example.com",
        "ADMIN_BCC_ADDRESS": "audit@example.com",
        "REPORT_RECIPIENTS": "owner@example.com",
        "POSTAL_ADDRESS": "1 Harbor Way, Long Beach, CA 90802",
    }
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b"]


def test_a_second_run_in_the_same_folder_is_told_who_runs(tmp_path: Path) -> None:
    file = tmp_path / ".up.lock"
    with starting._only_one(file) as held:
        held.write("process 1, http://localhost:8000")
        held.flush()

        with pytest.raises(
            CannotGoOnError, match=r"already runs from this folder \(process 1, http://localhost:8000\)"
        ):
            starting._only_one(file)


def test_the_address_of_an_earlier_run_is_found_in_its_env(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# BASE_URL=http://localhost:1\nBASE_URL='http://localhost:8123'\n")

    assert starting._written_base_url(tmp_path / ".env") == "http://localhost:8123"
    assert starting._written_base_url(tmp_path / "none") == ""
