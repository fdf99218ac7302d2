"""The letter that both sides send: one campaign to many, personal by name and by its unsubscribe address."""

SUBJECT = "The harbor cruise is back, and you are invited"
FROM_NAME = "Angel Gate Charters"
SENDER = "quarterdeck@example.com"
POSTAL_ADDRESS = "1 Harbor Way, Long Beach, CA 90802"

_PARAGRAPHS = (
    "We sail out past the breakwater at half past five, turn north along the coast, and are back at the dock by nine, with the"
    " lights of the harbor behind us. There is room for twelve, the galley serves supper, and nobody needs to know a thing about"
    " boats to enjoy it.",
    "The crew has spent the spring on the rig: new standing rigging, a fresh coat below the waterline, and a mainsail that sets"
    " as it should. She is quicker than last year, and quieter. If you were aboard then, you will notice.",
    "Bring a jacket, for it is colder on the water than it looks from the shore, and shoes with light soles. Everything else is"
    " here. Children from the age of eight are welcome; there are life vests in every size.",
    "Fridays and Saturdays go first. Whoever answers this letter before the end of the month has the choice of the day, and"
    " keeps last year's price.",
)
_LIST = (
    "**Friday evenings:** out at 17:30, back at 21:00, supper on board",
    "**Saturday mornings:** out at 9:00, back at 13:00, coffee and pastries",
    "**Sunday, all day:** out at 10:00, a swim in the lee of the island, back at 17:00",
)
BODY = "\n\n".join(
    [
        "# {{ first_name }}, the harbor cruise is back",
        "Dear {{ name }},",
        *_PARAGRAPHS[:2],
        "## When we sail",
        "\n".join(f"- {line}" for line in _LIST),
        *_PARAGRAPHS[2:],
        "[Choose your day](https://example.com/days/)",
        "Yours, the crew",
    ]
)


def name(number: int) -> str:
    """Return the name of a subscriber."""
    return f"Guest{number} Example"


def address(number: int) -> str:
    """Return the address of a subscriber."""
    return f"guest{number}@example.com"
