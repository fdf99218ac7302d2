#!/usr/bin/env python3
"""Django's command line for Quarterdeck. `bin/up` runs everything; this runs one command."""

import os
import sys


def main() -> None:
    """Run the command named in the arguments; a wrong environment is one message and exit status 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
