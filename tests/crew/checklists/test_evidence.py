"""Numbers and photographs: what is read, what is refused in a sentence, and what of a photo survives."""

import io
import struct
import zlib
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from PIL import ExifTags, Image

from crew.domain import evidence
from crew.domain.evidence import EvidenceRefusedError, Proof

pytestmark = pytest.mark.once

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 0).save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def prepared(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(evidence.photo(io.BytesIO(data), size=len(data))))


def huge_png() -> bytes:
    """Return a PNG that says it is 50,000 × 50,000 in a few hundred bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + chunk(b"IEND", b"")
    )


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [("12", "12"), (" 12.5 ", "12.5"), ("-0.5", "-0.5"), ("+7", "7"), ("-0", "0"), ("007", "7"), ("123456789.125", "123456789.125")],
    )  # fmt: skip
    def test_plain_digits_are_read(self, text: str, number: str) -> None:
        assert str(evidence.number(text)) == str(Decimal(number))

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", "1e400", "1E2", "NaN", "inf", "-Infinity", "1_000", "1,5", "1,234.50", "١٢", "１２", "1.2.3", ".", "5.",
            ".5", "--1", "−1", "1 2", "0x10", "(5.00)", "12.3456", "1234567890", "9" * 1_000_000, "1\x002", "5\n6", "½", "\ud800",
        ],
    )  # fmt: skip
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(EvidenceRefusedError, match="This is not a number we can read"):
            evidence.number(text)

    def test_a_number_is_shown_as_people_write_it(self) -> None:
        assert [evidence.shown(Decimal(text), "bar") for text in ("5.000", "0.250", "100", "0")] == [
            "5 bar",
            "0.25 bar",
            "100 bar",
            "0 bar",
        ]


class TestPhotos:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_a_photo_becomes_a_jpeg(self, kind: str) -> None:
        found = prepared(picture(kind))
        assert (found.format, found.size) == ("JPEG", (40, 20))

    @pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "1", "I;16"])
    def test_every_way_of_holding_colours_is_read(self, mode: str) -> None:
        assert prepared(picture("PNG", mode=mode)).mode == "RGB"
        assert prepared(picture("JPEG", mode="CMYK")).mode == "RGB"

    def test_what_is_see_through_becomes_white(self) -> None:
        assert prepared(picture("PNG", mode="RGBA")).getpixel((5, 5)) == (255, 255, 255)

    def test_a_large_one_is_made_smaller(self) -> None:
        assert prepared(picture(size=(4000, 1000))).size == (2000, 500)

    def test_it_stands_upright_and_tells_nothing_of_where_it_was_taken(self) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        exif[ExifTags.Base.Make] = "Phone of somebody"
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (32.0, 43.0, 0.0)
        data = picture(
            exif=exif, comment=b"a secret comment", icc_profile=b"a secret profile", dpi=(300, 300)
        )
        out = evidence.photo(io.BytesIO(data), size=len(data))
        found = Image.open(io.BytesIO(out))
        assert found.size == (20, 40)
        assert not found.getexif()
        assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        for trace in (b"Exif", b"secret", b"somebody"):
            assert trace not in out

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "This file is empty"),
            (SVG, "not a photo we can read"),
            (picture("GIF"), "not a photo we can read"),
            (picture("BMP"), "not a photo we can read"),
            (picture("TIFF"), "not a photo we can read"),
            (picture(size=(600, 600), quality=95)[:-200], "not a photo we can read"),
            (picture("PNG", size=(600, 600))[:300], "not a photo we can read"),
            (picture("WEBP", size=(600, 600))[:40], "not a photo we can read"),
            (b"\xff\xd8\xff\xe0" + b"\0" * 500, "not a photo we can read"),
            (b"%PDF-1.7" + b"\0" * 500, "not a photo we can read"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, "This is a HEIC or AVIF photo"),
            (huge_png(), "more than 50 million pixels"),
            (picture("PNG", size=(9000, 6000), mode="1"), "more than 50 million pixels"),
            (picture() + b"\0" * (20 * 1024 * 1024), "larger than 15 MB"),
        ],
        ids=["empty", "svg", "gif", "bmp", "tiff", "cut jpeg", "cut png", "cut webp", "head alone", "pdf", "heic", "50,000 square", "54 million", "20 MB"],
    )  # fmt: skip
    def test_what_is_no_photo_is_refused_in_a_sentence(self, data: bytes, sentence: str) -> None:
        with pytest.raises(EvidenceRefusedError, match=sentence):
            evidence.photo(io.BytesIO(data), size=len(data))

    def test_a_gif_bomb_is_refused_by_its_kind_before_a_frame_is_drawn(self) -> None:
        frames = [Image.new("P", (3000, 3000), number) for number in range(4)]
        out = io.BytesIO()
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:] * 20)
        with pytest.raises(EvidenceRefusedError, match="not a photo we can read"):
            evidence.photo(io.BytesIO(out.getvalue()), size=len(out.getvalue()))

    def test_a_photo_is_kept_under_a_name_nobody_guesses_and_goes_when_the_change_fails(
        self, settings: object, tmp_path: object
    ) -> None:
        settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
        with evidence.kept(Proof(photo=picture())) as values:
            name = values["photo"]
        assert name.startswith("checklists/")
        assert len(name) == len("checklists/.jpg") + 32
        assert default_storage.exists(name)
        with pytest.raises(RuntimeError), evidence.kept(Proof(photo=picture())) as values:
            assert default_storage.exists(values["photo"])
            raise RuntimeError
        assert not default_storage.exists(values["photo"])
        assert default_storage.exists(name)
