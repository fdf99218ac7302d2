"""A process of its own that reads one file: ``python -m tests.portfolio.formats.measured KIND FILE``; prints what it took."""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from portfolio.formats import FormatError, bank_csv, beancount, hledger, ofx, stripe, stripe_json, tables  # noqa: E402

READERS = {
    "csv": lambda data: bank_csv.open_statement(data, name="f", account="qos:1010").check(),
    "ofx": lambda data: ofx.parse(data, name="f"),
    "stripe": lambda data: stripe.parse(data, name="f"),
    "json": lambda data: stripe_json.parse(data, name="f"),
    "beancount": lambda data: beancount.read(data, name="f"),
    "hledger": lambda data: hledger.read(data, name="f"),
    "invoices": lambda data: tables.parse_invoices(data, name="f"),
}

if __name__ == "__main__":
    content, begun, said = Path(sys.argv[2]).read_bytes(), time.process_time(), ""
    try:
        READERS[sys.argv[1]](content)
    except FormatError as error:
        said = str(error)
    # The highest it was since it began; what `resource` tells may be its parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    sys.stdout.write(json.dumps({"seconds": time.process_time() - begun, "megabytes": peak, "said": said}))
