"""What `bin/bench` does: finds the benchmark, installs what its peers need apart from ours, and runs it."""

import argparse
import ast
import os
import subprocess
from pathlib import Path

import debian
from environment import ROOT, CannotGoOnError, ensure, install_more, say

FRAME = {"__init__", "__main__", "endpoint", "lib"}


def main(arguments: list[str]) -> int:
    """Run the benchmark asked for; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measure Quarterdeck beside its peers and limits."
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="which benchmark (default: say which there are)"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick", help="end within a minute")
    size.add_argument("--full", dest="size", action="store_const", const="full", help="add what takes longer")
    parser.set_defaults(size="standard")
    chosen = parser.parse_args(arguments)
    there_are = sorted(file.stem for file in (ROOT / "bench").glob("*.py") if file.stem not in FRAME)
    if chosen.name is None:
        say("\n".join(there_are))
        return 0
    if chosen.name not in there_are:
        raise CannotGoOnError(
            f"No benchmark is called {chosen.name!r}; there are: {', '.join(there_are) or 'none yet'}."
        )
    python = _environment(ROOT / "bench" / f"{chosen.name}.py")
    os.chdir(ROOT)
    return subprocess.run([python, "-m", "bench", chosen.name, "--size", chosen.size], check=False).returncode


def _environment(module: Path) -> Path:
    """Return a Python with our packages and the peers'; say what of the peers' could not be had."""
    peers = declared(module, "PYTHON_PACKAGES")
    for package in debian.install(declared(module, "DEBIAN_PACKAGES")):
        say(f"note: the Debian package {package} is missing and this user may not install it.")
    python = ensure("requirements.txt", ".venv-bench")
    for package in peers:
        reason = install_more(python, package)
        if reason:
            say(f"note: {package} could not be installed ({reason}).")
    return python


def declared(module: Path, name: str) -> list[str]:
    """Return a list of texts that a module assigns to a name, read without running the module."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return [str(item) for item in ast.literal_eval(node.value)]
    return []
