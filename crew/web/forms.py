"""The form a sign-in code is typed into."""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm

from mail.domain import sealing


class SealedCodeForm(ConfirmLoginCodeForm):
    """Compares what was typed with the sealed code of the session; without a code nothing is right."""

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        """Open the code; one sealed under a key that is gone counts as none."""
        try:
            expected = sealing.unseal(code.encode()) if code else ""
        except sealing.BrokenSealError:
            expected = ""
        super().__init__(*args, code=expected, **kwargs)
