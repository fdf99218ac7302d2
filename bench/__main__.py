"""`python -m bench NAME [--quick|--full]`, called by `bin/bench` in the environment it made."""

import argparse
import importlib

from bench import lib


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("name")
    parser.add_argument("--size", type=lib.Size, default=lib.Size.STANDARD)
    chosen = parser.parse_args()
    lib.run(importlib.import_module(f"bench.{chosen.name}"), chosen.size)


if __name__ == "__main__":
    main()
