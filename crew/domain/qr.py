"""QR codes: PNG for mail, which drops SVG, and SVG for pages."""

import io

import segno

# Dark on light, whatever the page around it: scanners want it so.
_DARK, _LIGHT = "#0b2239", "#ffffff"


def png(text: str) -> bytes:
    """Return a QR code as a PNG of about 300 pixels."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="png", scale=7, border=4, dark=_DARK, light=_LIGHT
    )
    return out.getvalue()


def svg(text: str) -> str:
    """Return a QR code as an SVG element that scales with its place on the page; ``text`` is in it as dots alone."""
    return segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark=_DARK, light=_LIGHT, omitsize=True, svgclass="qr__code", lineclass=None
    )
