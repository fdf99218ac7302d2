"""The first minute of a newcomer: a clone, one command, a page; and the second start, which takes seconds.

Installs packages, so it needs a package index and takes its time: only with `bin/test --full`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config import readers

pytestmark = [pytest.mark.once, pytest.mark.full]

READY = re.compile(r"Quarterdeck is ready after ([\d.]+) s:  (http://localhost:\d+)")


def start(clone: Path, *arguments: str) -> "subprocess.Popen[str]":
    kept = {
        name: text for name, text in os.environ.items() if name in {"PATH", "HOME", "LANG"} or "CERT" in name
    }
    return subprocess.Popen(
        [sys.executable, "bin/up", *arguments],
        cwd=clone,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def told_until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if "Ctrl-C stops everything." in line:
            return told
    raise AssertionError(f"It never was ready:\n{told}")


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def test_one_command_makes_a_portal_of_a_clone_and_the_next_start_takes_seconds(tmp_path: Path) -> None:
    clone = tmp_path / "quarterdeck"
    subprocess.run(["git", "clone", "--quiet", str(readers.BASE_DIR), str(clone)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])

    first = start(clone, "--port", port)
    try:
        told = told_until_ready(first)
        ready = READY.search(told)
        assert ready is not None
        assert ready[2] == f"http://localhost:{port}"
        links = re.findall(rf"http://localhost:{port}/demo/\S+", told)
        assert links
        assert "Sign in" in page(f"{ready[2]}/account/login/")
        assert "<form" in page(links[0])
        refused = start(clone, "--port", port)
        assert "already runs from this folder" in refused.communicate(timeout=60)[0]
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)

    began = time.monotonic()
    second = start(clone)
    try:
        told = told_until_ready(second)
        took = time.monotonic() - began
    finally:
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=60)
    assert f"http://localhost:{port}" in told
    assert took < 5
