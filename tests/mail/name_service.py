"""A name service on this machine that knows what the test says, asked as any other is."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

# What it answers to a question: records; none of this kind; no such name; a failure; nothing at all.
NO_RECORD, NO_NAME, FAILURE, SILENCE = "no record", "no name", "failure", "silence"


@contextmanager
def running(**texts: str | list[str]) -> Iterator[dns.resolver.Resolver]:
    """Answer TXT questions for names (dots written as two underscores) until the block ends; give its resolver."""
    known = {name.replace("__", ".").lower() + ".": answer for name, answer in texts.items()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.05)
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, known, over), daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.getsockname()[1]
        resolver.timeout = 0.3
        yield resolver
        over.set()
        thread.join()


def _serve(server: socket.socket, known: dict[str, str | list[str]], over: threading.Event) -> None:
    while not over.is_set():
        try:
            raw, asker = server.recvfrom(4096)
        except TimeoutError:
            continue
        asked = dns.message.from_wire(raw)
        told = known.get(str(asked.question[0].name).lower(), NO_NAME)
        if told == SILENCE:
            continue
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        if told == NO_NAME:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif told == FAILURE:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif told != NO_RECORD:
            quoted = [f'"{text}"' for text in told]
            answer.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "TXT", *quoted))
        server.sendto(answer.to_wire(), asker)
