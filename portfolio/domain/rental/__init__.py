"""Running a rental: repairs, nights that cannot be sold, what a night is offered at, and papers that run out."""


class RentalRefusedError(Exception):
    """What was asked contradicts what is recorded; the message is a sentence for whoever asked."""
