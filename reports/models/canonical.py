"""JSON in canonical form: sorted keys, no spaces, UTF-8. It is what a digest is taken of."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """A value written already: a column with `Encoder` keeps the very text that the digest is of, and it is written once."""

    text: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text, as hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Encoder(json.JSONEncoder):
    """What a JSON column writes a value with: any as Django would, and one that is written already as it is."""

    def encode(self, o: Any) -> str:
        """Return the value's JSON."""
        return o.text if isinstance(o, Written) else super().encode(o)


def write(plain: Any) -> Written:
    """Write plain JSON values, which hold no value that holds itself."""
    return Written(
        json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
    )
