"""Structured logs: one JSON object a line, with the secrets of links scrubbed out of addresses."""

import datetime as dt
import json
import logging
import re

# A link's secret, or a session's key, is a long run of letters and digits in a path or a query. Slugs are long too, but
# have no capitals.
_SECRET = re.compile(
    r"(?<=[/=])(?=[^/?&\s\"']*[A-Z])(?=[^/?&\s\"']*[0-9])[\w:.~-]{20,}(?=$|[/?&\s\"'])", re.ASCII
)


# Behind these addresses (links, their QR codes, unsubscribing, taps on actions) stands a secret whatever it looks like,
# and whatever a mail program hung on its end. Codes are looked up below addresses of their own, which are shorter.
_LINK = re.compile(r"((?:/|%2f)(?:[lqu]|tap)(?:/|%2f))[^\s\"'/]{7,}", re.ASCII | re.IGNORECASE)


def scrub(line: str) -> str:
    """Return a line with every path segment or value that may be a link's token replaced by ``[secret]``."""
    return _SECRET.sub("[secret]", _LINK.sub(r"\1[secret]", line))


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: at (UTC), level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        status = getattr(record, "status_code", None)
        if isinstance(status, int):
            line["status"] = status
        if record.exc_info:
            line["traceback"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
