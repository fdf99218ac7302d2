"""The peer's side of `bench.blast`: django-post_office, used as its manual says for many mails at once.

Each line on standard input is a round: it composes every mail by template and css-inline, queues all by `send_many`, and
runs `send_queued_mail` until none is left: one process, as ours is, with several threads.
"""

import os
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.mailing.peer_settings"

import css_inline
import django
from django.core.management import call_command
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

django.setup()

from post_office import mail  # noqa: E402
from post_office.models import STATUS, Email  # noqa: E402

from bench.mailing import letter  # noqa: E402


def blast(many: int, turn: int) -> None:
    """Compose, queue and send one round."""
    html, text = get_template("mail/campaign.html"), get_template("mail/campaign.txt")
    inliner = css_inline.CSSInliner(keep_style_tags=False)
    body = MarkdownIt().render(letter.BODY)
    asked = []
    for number in range(many):
        first, whole = letter.name(number).split()[0], letter.name(number)
        unsubscribe = f"https://example.com/u/{turn:08d}{number:035d}"

        def personal(words: str, first: str = first, whole: str = whole) -> str:
            return words.replace("{{ first_name }}", first).replace("{{ name }}", whole)

        context = {
            "subject": letter.SUBJECT,
            "list": {"name": "Harbor cruises", "purpose": "News."},
            "stop_link": unsubscribe,
            "from_name": letter.FROM_NAME,
            "postal_address": letter.POSTAL_ADDRESS,
        }
        asked.append({
            "recipients": [letter.address(number)],
            "sender": f"{letter.FROM_NAME} <{letter.SENDER}>",
            "subject": letter.SUBJECT,
            "message": text.render({**context, "body": personal(letter.BODY)}),
            "html_message": inliner.inline(html.render({**context, "body": mark_safe(personal(body))})),  # noqa: S308 - as ours
            "headers": {
                "List-Unsubscribe": f"<{unsubscribe}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "priority": "medium",
        })  # fmt: skip
    mail.send_many(asked)
    # A lock of its own: other runs on this machine have theirs.
    call_command("send_queued_mail", verbosity=0, lockfile=str(Path(os.environ["DATA_DIR"]) / "lock"))


def main() -> None:
    """Prepare, then do a round for each line."""
    many = int(sys.argv[1])
    Path(os.environ["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    call_command("migrate", run_syncdb=True, verbosity=0)
    print("ready", flush=True)
    for turn, _ in enumerate(sys.stdin):
        blast(many, turn)
        left = Email.objects.exclude(status=STATUS.sent).count()
        print("done" if not left else f"{left} of the peer's mails were not sent", flush=True)


if __name__ == "__main__":
    main()
