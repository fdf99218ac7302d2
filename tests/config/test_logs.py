"""The logs: one JSON object a line, without the secrets of links."""

import json
import logging
import sys

import pytest

from config.logs import JsonFormatter, scrub

pytestmark = pytest.mark.once

TOKEN = "q7Zr0V3mB8sT5yXwKc2NfLhJdPgAeUoI1nRk4tEvYxQ"


@pytest.mark.parametrize(
    ("line", "scrubbed"),
    [
        (f"GET /l/{TOKEN}/ 200", "GET /l/[secret]/ 200"),
        (f"GET /l/{TOKEN}", "GET /l/[secret]"),
        (f"GET /x?token={TOKEN}&page=2", "GET /x?token=[secret]&page=2"),
        # One token in a thousand holds no digit; and mail programs add to the end of what they follow.
        (f"GET /l/{TOKEN.translate(str.maketrans('0123456789', 'abcdefghij')).lower()}/", "GET /l/[secret]/"),
        (f"GET /l/{TOKEN}).&data=05|{TOKEN}", "GET /l/[secret]"),
        (f"GET /x?u=https%3A%2F%2Fcrew%2Fl%2F{TOKEN}%2F", "GET /x?u=https%3A%2F%2Fcrew%2Fl%2F[secret]"),
        ("GET /q/sat12345.0123456789abcdef01234567/", "GET /q/[secret]/"),
        ("POST /l/code/ /l/step/ /l/fresh/ /q/wait/", "POST /l/code/ /l/step/ /l/fresh/ /q/wait/"),
        ("GET /demo/MQ:1xUfXc:6E2HoorXqvxRR-LQO3sjzt/ 200", "GET /demo/[secret]/ 200"),
        ("GET /portfolio/queen-of-san-diego-charters/", "GET /portfolio/queen-of-san-diego-charters/"),
        ("GET /portfolio/entities/lions-share/ 200", "GET /portfolio/entities/lions-share/ 200"),
        ("GET /reports/cfo/2026-10/", "GET /reports/cfo/2026-10/"),
    ],
)
def test_a_token_in_an_address_is_scrubbed_and_words_are_not(line: str, scrubbed: str) -> None:
    assert scrub(line) == scrubbed


def test_a_record_becomes_one_line_of_json() -> None:
    record = logging.LogRecord("mail", logging.WARNING, "f.py", 1, "The broker\nsaid %s", ("no",), None)
    record.created = 1_795_244_570.25

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert json.loads(line) == {
        "at": "2026-11-21T07:02:50.250+00:00",
        "level": "warning",
        "logger": "mail",
        "message": "The broker\nsaid no",
    }


def test_a_traceback_stays_in_the_line() -> None:
    try:
        int(f"https://quarterdeck.example.com/l/{TOKEN}/")
    except ValueError:
        record = logging.LogRecord("web", logging.ERROR, "f.py", 1, "It broke", (), sys.exc_info())

    told = json.loads(JsonFormatter().format(record))

    assert told["traceback"].endswith("'https://quarterdeck.example.com/l/[secret]/'")
