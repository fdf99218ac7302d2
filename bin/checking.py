"""The checks of `bin/check`: each is a command, or a function here that returns what is wrong."""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from environment import ROOT, CannotGoOnError, ensure, say

STATIC = ROOT / "static"
LONGEST_FILE = 500
MOST_WORDS = 40
TABLE_BEGINS, TABLE_ENDS = "<!-- variables begin -->", "<!-- variables end -->"
APPS = ("config", "core", "mail", "portfolio", "crew", "reports")

DEVELOPMENT = {
    "ENV_FILE": "",
    "SECRET_KEY": "checks-only-" + "x" * 50,
    "BASE_URL": "http://localhost:8000",
    "MAIL_TRANSPORT": "mailbox",
}
PRODUCTION = {
    "ENV_FILE": "",
    # Random enough for Django's own check, and never used for anything.
    "SECRET_KEY": hashlib.sha512(b"bin/check").hexdigest(),
    "BASE_URL": "https://quarterdeck.example.com",
    "AWS_REGION": "us-west-2",
    "SES_FROM_ADDRESS": "quarterdeck@example.com",
    "ADMIN_BCC_ADDRESS": "audit@example.com",
    "DATABASE_URL": "postgres://quarterdeck@localhost/quarterdeck",
}


@dataclass(frozen=True)
class Outcome:
    """What a check found: its verdict and, where it has something to say, its words."""

    verdict: str  # ok, fail or warn
    words: str = ""


@dataclass(frozen=True)
class Check:
    """One check; a command passes by ending with status 0."""

    name: str
    command: tuple[str, ...] = ()
    look: Callable[[], Outcome] | None = None
    surroundings: dict[str, str] = field(default_factory=lambda: DEVELOPMENT)


def main(arguments: list[str]) -> int:
    """Run the checks asked for; return 0 when none failed."""
    parser = argparse.ArgumentParser(prog="bin/check", description="Check what CI checks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which checks (default: all)")
    parser.add_argument("--fix", action="store_true", help="mend first what can be mended by itself")
    chosen = parser.parse_args(arguments)
    os.chdir(ROOT)
    python = ensure("requirements-dev.txt")
    checks = {check.name: check for check in _checks(python)}
    unknown = [name for name in chosen.names if name not in checks]
    if unknown:
        raise CannotGoOnError(f"No check is called {unknown[0]}; there are {', '.join(checks)}.")
    if chosen.fix:
        _fix(python)
    asked = [checks[name] for name in chosen.names or checks]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quarterdeck-check-") as scratch, ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda check: _run(check, Path(scratch)), asked))
    failed = [check.name for check, outcome in zip(asked, outcomes, strict=True) if outcome.verdict == "fail"]
    took = f"{time.monotonic() - began:.0f} s"
    say(
        f"{len(failed)} of {len(asked)} checks failed in {took}: {', '.join(failed)}"
        if failed
        else f"All {len(asked)} checks passed in {took}."
    )
    return 1 if failed else 0


def _checks(python: Path) -> list[Check]:
    """Return all checks, the slow ones first so that two at a time end together."""
    tool = python.parent
    manage = (str(python), "manage.py")
    return [
        Check("mypy", (str(tool / "mypy"), "--no-error-summary")),
        Check("pip-audit", look=lambda: _audit(tool)),
        Check("djlint", (str(tool / "djlint"), "templates", "--lint", "--quiet")),
        Check("ruff", (str(tool / "ruff"), "check", "--quiet", "--output-format", "concise", ".")),
        Check("ruff-format", (str(tool / "ruff"), "format", "--check", "--quiet", ".")),
        Check("imports", (str(tool / "lint-imports"), "--no-cache")),
        Check(
            "bandit",
            (
                str(tool / "bandit"),
                "--quiet",
                "--format",
                "custom",
                "--recursive",
                "-c",
                "pyproject.toml",
                *APPS,
                "bin",
            ),
        ),
        Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("deploy", (*manage, "check", "--deploy", "--fail-level", "WARNING"), surroundings=PRODUCTION),
        Check("env-example", look=lambda: _printed(python, "--example", ROOT / ".env.example")),
        Check("env-table", look=lambda: _printed(python, "--table", ROOT / "docs" / "operating.md")),
        Check("requirements", look=_locks),
        Check("file-length", look=_long_files),
        Check("vendor", look=_vendor),
        Check("machine-paths", look=_machine_paths),
    ]


def _run(check: Check, scratch: Path) -> Outcome:
    """Run one check and print its line, with its words below it unless it passed."""
    began = time.monotonic()
    outcome = check.look() if check.look else _command(check, scratch)
    words = "".join(f"\n    {line}" for line in outcome.words.splitlines()) if outcome.words else ""
    say(f"{outcome.verdict:<5}{check.name:<15}{time.monotonic() - began:6.1f} s{words}")
    return outcome


def _command(check: Check, scratch: Path) -> Outcome:
    data = scratch / check.name
    surroundings = {**_clean(), **check.surroundings, "DATA_DIR": str(data)}
    done = subprocess.run(check.command, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Outcome("ok")
    words = (done.stdout + done.stderr).strip().splitlines()
    more = len(words) - MOST_WORDS
    if more > 0:
        # Lists say most at their beginning, tracebacks at their end.
        half = MOST_WORDS // 2
        command = shlex.join(check.command).replace(f"{ROOT}/", "")
        words[half:-half] = [f"… {more} lines more, told by: {command}"]
    return Outcome("fail", "\n".join(words))


def _clean() -> dict[str, str]:
    """Return the environment of this process without what would change Quarterdeck's settings."""
    ours = {*PRODUCTION, *DEVELOPMENT, "DEBUG", "DEMO", "ALLOWED_HOSTS", "REDIS_URL", "CELERY_BROKER_URL"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _fix(python: Path) -> None:
    tool = python.parent
    for command in (
        (tool / "ruff", "check", "--fix", "--quiet", "."),
        (tool / "ruff", "format", "--quiet", "."),
    ):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    (ROOT / ".env.example").write_text(_says(python, "--example"), encoding="utf-8")
    operating = ROOT / "docs" / "operating.md"
    before, _, rest = operating.read_text(encoding="utf-8").partition(TABLE_BEGINS)
    _, _, after = rest.partition(TABLE_ENDS)
    operating.write_text(
        f"{before}{TABLE_BEGINS}\n{_says(python, '--table')}{TABLE_ENDS}{after}", encoding="utf-8"
    )


def _audit(tool: Path) -> Outcome:
    """Ask the advisory service about every pinned package; a machine that cannot reach it is warned, not failed."""
    command = [
        tool / "pip-audit",
        "--requirement",
        "requirements-dev.txt",
        "--disable-pip",
        "--require-hashes",
    ]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off", "--timeout", "10"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Outcome(
            "warn", f"The advisory service could not be asked, so known holes are not ruled out: {last[:200]}"
        )
    found = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for package in packages
        for hole in package.get("vulns", [])
    ]
    return Outcome("fail", "\n".join(found)) if found else Outcome("ok")


def _says(python: Path, switch: str) -> str:
    """Return what `config.env` prints."""
    command = [python, "-m", "config.env", switch]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=_clean()).stdout


def _printed(python: Path, switch: str, file: Path) -> Outcome:
    """Compare what `config.env` prints with what a file holds."""
    if file.exists() and _says(python, switch) in file.read_text(encoding="utf-8"):
        return Outcome("ok")
    name = file.relative_to(ROOT)
    return Outcome(
        "fail", f"{name} is not what `python -m config.env {switch}` prints; bin/check --fix mends it."
    )


def _locks() -> Outcome:
    """See that each name in a .in file is in its lock: the one slip that installing does not show."""
    wrong = []
    for stem in ("requirements", "requirements-dev", "requirements-uv"):
        locked = {
            _normal(line.split("==")[0])
            for line in (ROOT / f"{stem}.txt").read_text().splitlines()
            if "==" in line and not line.startswith((" ", "#"))
        }
        for line in (ROOT / f"{stem}.in").read_text().splitlines():
            wanted = line.split("#")[0].strip()
            if wanted and not wanted.startswith("-") and _normal(wanted.split("=")[0]) not in locked:
                wrong.append(f"{stem}.txt does not pin {wanted}: run bin/lock.")
    return Outcome("fail", "\n".join(wrong)) if wrong else Outcome("ok")


def _normal(name: str) -> str:
    return name.split("[", maxsplit=1)[0].strip().lower().replace("_", "-").replace(".", "-")


def _tracked(*patterns: str) -> list[Path]:
    """Return the files that version control knows, of some patterns."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], capture_output=True, text=True, check=True
    )
    return [file for name in done.stdout.split("\0") if name and (file := Path(name)).is_file()]


def _long_files() -> Outcome:
    """No file over 500 lines: one that long holds more than one thing."""
    long = []
    for file in _tracked("*.py", "*.html", "*.css", "*.js", "bin/*"):
        if {"vendor", "migrations"} & set(file.parts):
            continue
        lines = file.read_bytes().count(b"\n")
        if lines > LONGEST_FILE:
            long.append(f"{file}: {lines} lines")
    return Outcome("fail", "\n".join(long)) if long else Outcome("ok")


def _vendor() -> Outcome:
    """Every file of somebody else's is the one that the manifest names by hash, and each is named."""
    vendor, fonts = STATIC / "vendor", STATIC / "fonts"
    manifest = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    named: dict[Path, str] = {vendor / entry["file"]: entry["sha256"] for entry in manifest["files"]}
    for family in manifest["fonts"]:
        named.update({fonts / name: digest for name, digest in family["files"].items()})
    licences = {(vendor / entry["licence_file"]).resolve() for entry in manifest["files"] + manifest["fonts"]}
    there_are = {file for folder in (vendor, fonts) for file in folder.rglob("*") if file.is_file()}
    there_are -= {vendor / "manifest.json", *licences}
    wrong = [f"{_told(file)} is not in the manifest." for file in sorted(there_are - set(named))]
    wrong += [
        f"{_told(file)} is in the manifest and nowhere else." for file in sorted(set(named) - there_are)
    ]
    wrong += [
        f"{_told(file)} is the licence of a file, and missing." for file in licences if not file.is_file()
    ]
    for file in sorted(there_are & set(named)):
        if hashlib.sha256(file.read_bytes()).hexdigest() != named[file]:
            wrong.append(f"{_told(file)} is not the file that the manifest names.")
    return Outcome("fail", "\n".join(wrong)) if wrong else Outcome("ok")


def _told(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _machine_paths() -> Outcome:
    """No file names a folder of somebody's machine."""
    pattern = r"(^|[^[:alnum:]_.])/(home|root|tmp|work|Users)/[[:alnum:]]"
    done = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ".", ":!*.txt", ":!static/vendor"],
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome("fail", done.stdout.strip()) if done.stdout.strip() else Outcome("ok")
