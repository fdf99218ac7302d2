"""How wide text is, against another reader of the same fonts."""

import pytest
from PIL import ImageFont

from core.typefaces import FONTS, face

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", sorted(path.stem for path in FONTS.glob("*.ttf")))
def test_every_letter_of_every_shipped_face_is_as_wide_as_another_reader_finds_it(name: str) -> None:
    font = ImageFont.truetype(FONTS / f"{name}.ttf", 1000)
    signs = "AVWimw.,-0179$€%−–—·×÷Σéßščřñ ÅæŒﬁ→"
    found = {sign: face(name).width(sign, size=1000) for sign in signs if face(name).has(sign)}
    assert len(found) > 25
    assert found == {sign: pytest.approx(font.getlength(sign), abs=1) for sign in found}


def test_a_sign_that_a_face_has_not_counts_for_the_widest() -> None:
    plain = face("IBMPlexSans-Regular")
    assert not plain.has("日")
    assert plain.width("日", size=8) == 8
    assert plain.width("a日", size=8) == 8 + plain.width("a", size=8)
