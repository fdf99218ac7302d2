"""The environment: typed readers, all problems in one message, and what is printed from the declarations."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, readers

pytestmark = pytest.mark.once

LAPTOP = {
    "SECRET_KEY": "k" * 50,
    "BASE_URL": "http://localhost:8000",
    "MAIL_TRANSPORT": "mailbox",
}
PRODUCTION = {
    "SECRET_KEY": "k" * 50,
    "BASE_URL": "https://quarterdeck.example.com",
    "AWS_REGION": "us-west-2",
    "SES_FROM_ADDRESS": "Quarterdeck <quarterdeck@example.com>",
    "ADMIN_BCC_ADDRESS": "audit@example.com",
}


def read(source: dict[str, str]) -> readers.Values:
    return readers.Values(source, contradictions=env._contradictions)


def problems(source: dict[str, str]) -> list[str]:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(source)
    return [line.removeprefix("  - ") for line in str(refused.value).splitlines()[1:]]


def test_an_empty_environment_names_everything_that_is_missing_in_one_message() -> None:
    told = problems({})

    assert [line.split()[0] for line in told] == [
        "SECRET_KEY",
        "BASE_URL",
        "AWS_REGION",
        "SES_FROM_ADDRESS",
        "ADMIN_BCC_ADDRESS",
    ]
    assert all(line.endswith(".") for line in told)


def test_a_laptop_needs_three_lines_and_gets_safe_defaults() -> None:
    values = read(LAPTOP)

    assert values[env.DEBUG] is False
    assert values[env.DEMO] is False
    assert values[env.ALLOWED_HOSTS] == ("localhost", "127.0.0.1", "[::1]")
    assert values[env.DATA_DIR] == readers.BASE_DIR / "var"
    assert values[env.DATABASE_URL] == {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(readers.BASE_DIR / "var" / "quarterdeck.sqlite3"),
    }
    assert values[env.HANDOFFS_DIR] == readers.BASE_DIR / "var" / "handoffs"
    assert values[env.CELERY_BROKER_URL] == "filesystem://localhost"
    assert values[env.REPORT_RECIPIENTS] == ()


def test_no_secret_and_no_address_of_production_has_a_default() -> None:
    for name in ("SECRET_KEY", "AWS_REGION", "SES_FROM_ADDRESS", "ADMIN_BCC_ADDRESS"):
        told = problems({**PRODUCTION, name: ""})

        assert [line.split()[0] for line in told] == [name]


def test_the_sample_brings_its_own_handoffs() -> None:
    assert read({**LAPTOP, "DEMO": "1"})[env.HANDOFFS_DIR] == readers.BASE_DIR / "demo" / "handoffs"


def test_production_answers_to_the_host_of_its_address_only() -> None:
    assert read(PRODUCTION)[env.ALLOWED_HOSTS] == ("quarterdeck.example.com",)


def test_redis_is_the_broker_unless_another_is_named() -> None:
    redis = {**LAPTOP, "REDIS_URL": "redis://localhost:6379/0"}

    assert read(redis)[env.CELERY_BROKER_URL] == "redis://localhost:6379/0"
    assert read({**redis, "CELERY_BROKER_URL": "sqs://"})[env.CELERY_BROKER_URL] == "sqs://"


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY has 5 characters; at least 50 random ones are needed"),
        (
            "BASE_URL",
            "localhost:8000",
            "BASE_URL starts with 'localhost'; it must be an address with http or https.",
        ),
        ("BASE_URL", "http://", "BASE_URL is 'http://'; it names no host."),
        ("BASE_URL", "http://[::1", "BASE_URL is not an address"),
        ("DEBUG", "maybe", "DEBUG is 'maybe'; write 1 for on or 0 for off."),
        ("WEB_THREADS", "0", "WEB_THREADS is '0'; it must be a whole number from 1 to 64."),
        ("WEB_THREADS", "٨", "WEB_THREADS is '٨'; it must be a whole number from 1 to 64."),
        ("WEB_THREADS", "1_0", "WEB_THREADS is '1_0'; it must be a whole number from 1 to 64."),
        ("MAIL_TRANSPORT", "smtp", "MAIL_TRANSPORT is 'smtp'; it must be one of ses, mailbox."),
        ("SES_FROM_ADDRESS", "nobody", "SES_FROM_ADDRESS is 'nobody'; it must be an e-mail address"),
        ("REPORT_RECIPIENTS", "a@example.com, b@", "REPORT_RECIPIENTS is 'b@'; it must be an e-mail address"),
        ("QUARTERDECK_ZONE", "Pacific", "QUARTERDECK_ZONE is 'Pacific'; use a time zone name"),
        ("QUARTERDECK_ZONE", "../etc/passwd", "QUARTERDECK_ZONE is '../etc/passwd'; use a time zone name"),
        ("DATABASE_URL", "mysql://localhost/x", "DATABASE_URL must start with sqlite:/// or postgres://."),
        ("DATABASE_URL", "postgres://localhost", "DATABASE_URL names no database"),
        ("DATABASE_URL", "postgres://localhost:x/y", "DATABASE_URL has a port that is no number"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL names no file"),
    ],
)
def test_a_value_that_cannot_be_read_is_told_with_what_to_write(name: str, given: str, sentence: str) -> None:
    told = problems({**LAPTOP, name: given})

    assert len(told) == 1
    assert told[0].startswith(sentence)


def test_a_database_address_is_taken_apart_and_its_percent_signs_read() -> None:
    assert readers.read_database_url("postgres://sam:p%40ss%2Fword@db.example.com:5433/books") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "books",
        "USER": "sam",
        "PASSWORD": "p@ss/word",
        "HOST": "db.example.com",
        "PORT": "5433",
    }


def test_a_sqlite_address_is_relative_to_the_repository_or_absolute() -> None:
    assert readers.read_database_url("sqlite:///var/b.sqlite3")["NAME"] == str(
        readers.BASE_DIR / "var/b.sqlite3"
    )
    assert readers.read_database_url("sqlite:////srv/b.sqlite3")["NAME"] == "/srv/b.sqlite3"


@pytest.mark.parametrize("name", ["DEBUG", "DEMO"])
def test_what_is_for_a_laptop_is_refused_on_an_address_others_reach(name: str) -> None:
    told = problems({**PRODUCTION, name: "1"})

    assert len(told) == 1
    assert told[0].startswith(f"{name} is on, but BASE_URL is not on this machine")


def test_secrets_by_entity_are_read_and_never_repeated_in_a_refusal() -> None:
    given = {
        "STRIPE_API_KEYS": "qos=rk_live_1, jada = sk_2=",
        "STRIPE_WEBHOOK_SECRETS": "qos=whsec_a|whsec_b",
    }
    values = read(LAPTOP | given)
    assert values[env.STRIPE_API_KEYS] == {"qos": "rk_live_1", "jada": "sk_2="}
    assert values[env.STRIPE_WEBHOOK_SECRETS] == {"qos": "whsec_a|whsec_b"}
    for wrong in ("rk_live_1", "qos=", "qos=rk_live_1,qos=rk_live_2", "Q S=rk_live_1", "qos=rk_live\x7f"):
        (told,) = problems(LAPTOP | {"STRIPE_API_KEYS": wrong})
        assert "STRIPE_API_KEYS" in told
        assert "rk_live" not in told
    stand_in = {"STRIPE_API_BASE": "http://127.0.0.1:9"}
    assert read(LAPTOP | stand_in)[env.STRIPE_API_BASE] == "http://127.0.0.1:9"
    assert "STRIPE_API_BASE is not https" in problems(PRODUCTION | stand_in)[0]


def test_a_file_gives_names_and_texts(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nBASE_URL = http://localhost:1\nPOSTAL_ADDRESS='1 Harbor Way'\nEMPTY=\nK=a=b # c\n"
    )

    assert readers.read_file(file) == {
        "BASE_URL": "http://localhost:1",
        "POSTAL_ADDRESS": "1 Harbor Way",
        "EMPTY": "",
        "K": "a=b # c",
    }


def test_a_file_that_is_absent_is_empty(tmp_path: Path) -> None:
    assert readers.read_file(tmp_path / ".env") == {}


def test_a_bad_line_of_a_file_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nexport B=2\n")

    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2: write NAME=value"):
        readers.read_file(file)


def test_the_real_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.env"
    file.write_text("QUARTERDECK_ZONE=Pacific/Auckland\nLOG_LEVEL=ERROR\nNOT_OURS=boto3 reads some\n")
    monkeypatch.setenv("ENV_FILE", str(file))
    monkeypatch.setenv("QUARTERDECK_ZONE", "Europe/Rome")
    for name in ("LOG_LEVEL", "NOT_OURS"):
        # Set first, so that it is put back as it was: what is loaded below stays in the environment.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    values = env.load()

    assert values[env.QUARTERDECK_ZONE] == "Europe/Rome"
    assert values[env.LOG_LEVEL] == "ERROR"
    assert os.environ["NOT_OURS"] == "boto3 reads some"


def test_a_name_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match="DEBUG is declared twice"):
        readers.flag("DEBUG", help="Again.")


def test_the_example_names_every_variable_and_sets_only_what_has_no_default() -> None:
    lines = env.example().splitlines()

    assert [line.partition("=")[0] for line in lines if line and not line.startswith("#")] == [
        "SECRET_KEY",
        "BASE_URL",
    ]
    for name in readers.DECLARED:
        assert any(line.removeprefix("# ").startswith(f"{name}=") for line in lines)


def test_the_command_line_says_all_problems_and_ends_with_status_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=readers.BASE_DIR,
        env={"ENV_FILE": "", "PATH": "/usr/bin:/bin", "DEBUG": "perhaps"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "SECRET_KEY is not set." in done.stderr
    assert "DEBUG is 'perhaps'" in done.stderr
    assert "Traceback" not in done.stderr
