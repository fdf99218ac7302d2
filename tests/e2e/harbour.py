"""A harbour for the story of a charter: one boat, one template, an owner, and the letters people read."""

import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Page

from core import clock
from crew.models import Anchor, Evidence, Mode, OperatingLimit, Person, Role, Station
from mail.domain import delivery
from tests.factories import people
from tests.factories.crew import (
    ChecklistTemplateFactory,
    EventTemplateFactory,
    ItemTemplateFactory,
    PortFactory,
    PositionTemplateFactory,
    VesselFactory,
)
from tests.factories.portfolio import EntityFactory

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "iframes": False,
    # What holds is not told, node by node: that is most of what a page would answer.
    "resultTypes": ["violations"],
}
FRAMES = 4
"""Pages on which a sparing look takes in the frame, too, which is the same around all: two by night and two by day."""
SIZES = "(({scrollWidth, scrollHeight}) => [scrollWidth, scrollHeight])(document.documentElement)"
SEEN = "[document.documentElement.outerHTML, matchMedia('(prefers-color-scheme: dark)').matches]"
# Puts a page as it stands under the glass, style sheets only where others are wanted. Rows of the same tags, classes and
# attributes look alike: two of each shape in a list, a table or a chart say it all.
SHOW = """async ([html, thin, frame]) => {
  const shown = new DOMParser().parseFromString(html, "text/html");
  for (const part of shown.querySelectorAll("script, noscript")) part.remove();
  for (const part of shown.querySelectorAll("iframe")) part.removeAttribute("src");
  if (!frame)
    for (const part of shown.querySelectorAll(".topbar, .rail, .dock, .footer, .sample-notice")) part.remove();
  const told = one => `${one.tagName} ${one.getAttribute("class")} ${one.getAttributeNames()}`;
  for (const list of thin ? shown.querySelectorAll("tbody, ul, ol, svg, svg g") : []) {
    const shapes = new Map();
    for (const row of [...list.children]) {
      const shape = [row, ...row.querySelectorAll("*")].map(told).join();
      shapes.set(shape, (shapes.get(shape) || 0) + 1);
      if (shapes.get(shape) > 2) row.remove();
    }
  }
  const sheets = from => [...from.querySelectorAll("link[rel=stylesheet]")];
  const names = from => sheets(from).map(sheet => sheet.getAttribute("href")).join();
  if (names(shown) !== names(document)) {
    const wanted = sheets(shown).map(sheet => document.adoptNode(sheet));
    const loaded = wanted.map(sheet => new Promise((fine, bad) => { sheet.onload = fine; sheet.onerror = bad; }));
    document.head.replaceChildren(...wanted);
    await Promise.all(loaded);
  }
  for (const name of document.documentElement.getAttributeNames()) document.documentElement.removeAttribute(name);
  for (const {name, value} of shown.documentElement.attributes) document.documentElement.setAttribute(name, value);
  for (const part of document.head.querySelectorAll("meta, title")) part.remove();
  for (const part of shown.head.querySelectorAll("meta, title")) document.head.append(document.adoptNode(part));
  document.body.replaceWith(document.adoptNode(shown.body));
  await document.fonts.ready;
}"""


@dataclass
class Harbour:
    """Where it happens, and the mailbox that everybody's mail goes to."""

    url: str
    owner: Person
    saturday: dt.date
    mailbox: Path

    def letters(self, to: str) -> list[EmailMessage]:
        """Deliver what is due, and return the letters to one address, the oldest first."""
        delivery.run(clock=clock.now)
        files = sorted(self.mailbox.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        letters: list[EmailMessage] = [
            message_from_bytes(file.read_bytes(), policy=policy.default)  # type: ignore[misc]
            for file in files
        ]
        return [letter for letter in letters if to in str(letter["To"])]

    def text(self, to: str) -> str:
        """Return the plain words of the newest letter to somebody."""
        body = self.letters(to)[-1].get_body(preferencelist=("plain",))
        assert body is not None
        return str(body.get_content())

    def link(self, to: str) -> str:
        """Return the link in the newest letter to somebody."""
        found = re.search(rf"{re.escape(self.url)}/l/\S{{20,}}/", self.text(to))
        assert found is not None
        return found[0]

    def code(self, to: str) -> str:
        """Return the code in the newest letter to somebody."""
        text = self.text(to)
        found = CODE.search(text)
        assert found is not None, text
        return found[0]


def build(url: str, mailbox: Path) -> Harbour:
    """Make the boat, the law, and the template of a sunset sail with a checklist of every kind of evidence."""
    entity = EntityFactory(slug="qos", name="QueenofSanDiego")
    port = PortFactory(slug="san-diego", name="San Diego")
    VesselFactory(entity=entity, name="S/V Queen", home_port=port)
    OperatingLimit.objects.create(
        mode=Mode.UPV_6, passengers=6, from_on=dt.date(1993, 12, 20), source="46 U.S.C. 2101, at most 6"
    )
    template = EventTemplateFactory(
        entity=entity,
        name="Sunset sail",
        departure_anchor=Anchor.SUNSET,
        departure_minutes=-120,
        return_anchor=Anchor.SUNSET,
        return_minutes=-30,
        meeting_point="Gate B, the white dock box",
        notes_guests="Bring a jacket and soft shoes.",
        notes_crew="The port winch sticks.",
        notes_captain="Fuel is at a third.",
    )
    PositionTemplateFactory(template=template, station=Station.DECKHAND, rate_minor=15_000)
    checklist = ChecklistTemplateFactory(entity=entity, name="Before departure")
    for text, more in (
        ("Coil the lines", {}),
        ("Battery voltage", {"evidence": Evidence.NUMBER, "low": 12, "high": 15, "unit": "V"}),
        ("Bilge water", {"evidence": Evidence.NUMBER, "low": 0, "high": 5, "unit": "cm"}),
        ("Look at the rig", {"evidence": Evidence.TEXT}),
        ("Life jackets laid out", {"evidence": Evidence.PHOTO, "critical": True}),
        ("Sign the log", {"role": Role.CAPTAIN}),
    ):
        ItemTemplateFactory(checklist=checklist, text=text, due_minutes=-30, **more)
    template.checklists.add(checklist)
    today = clock.today("America/Los_Angeles")
    return Harbour(
        url=url,
        owner=people.owner(email="olive@example.com", name="Olive Owner"),
        # A Saturday far enough off for everything that is asked for in good time.
        saturday=today + dt.timedelta(days=7 + (5 - today.weekday()) % 7),
        mailbox=mailbox,
    )


def photo(folder: Path) -> str:
    """Return the path of a photo as a phone takes one."""
    path = folder / "jackets.jpg"
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), (200, 90, 30)).save(picture, "JPEG")
    path.write_bytes(picture.getvalue())
    return str(path)


@dataclass
class Looker:
    """Looks at each page as a reader with bad eyes and a narrow phone would; what it finds is told at the end.

    Axe looks at each page as it stands then, through a glass: one page that holds their markup in turn and has their style
    sheets, but none of their scripts. It is loaded there once, and what is done next on the page looked at finds it untouched.
    """

    viewport: dict[str, int]
    others: tuple[dict[str, int], ...] = ()
    """Screens that each page must fit as well; it stays at the last of them, and the next begins there."""
    sparing: bool = False
    """Whether axe is spared what it saw just so."""
    found: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    _glass: Page | None = None

    def look(self, page: Page, name: str, *, dark: bool | None = None) -> None:
        """Note every violation of WCAG 2.2 AA, and a page wider than its screen; ``dark`` may be other than its own light."""
        self.looked.append(name)
        # A link that was just followed may have come to a page of which nothing is there yet.
        page.wait_for_load_state()
        high = {}
        for screen in sorted((self.viewport, *self.others), key=lambda screen: screen != page.viewport_size):
            if screen != page.viewport_size:
                page.set_viewport_size(screen)  # type: ignore[arg-type]
            high[screen["width"]] = self._fits(page, name, screen)
        html, night = page.evaluate(SEEN)
        frame = not self.sparing or len(self.looked) <= FRAMES
        glass = self._glass = self._glass or _glass_beside(page)
        # The whole page at once: a button that happens to stand half behind the bar below can be scrolled free.
        tall = max(high[self.viewport["width"]] if frame else 0, self.viewport["height"])
        size = {"width": self.viewport["width"], "height": tall}
        if size != glass.viewport_size:
            glass.set_viewport_size(size)  # type: ignore[arg-type]
        glass.emulate_media(color_scheme="dark" if (night if dark is None else dark) else "light")
        glass.evaluate(SHOW, [html, self.sparing, frame])
        violations = glass.evaluate("options => axe.run(options).then(seen => seen.violations)", AXE)
        self.found += [
            f"{name}: {one['id']}: {node['html'][:160]} {node['failureSummary']}"
            for one in violations
            for node in one["nodes"]
        ]

    def _fits(self, page: Page, name: str, screen: dict[str, int]) -> int:
        """Note a page that is wider than a screen, and return how high it is there."""
        wide, high = page.evaluate(SIZES)
        if wide > screen["width"]:
            self.found.append(f"{name}: {wide} px wide on {screen['width']}")
        return int(high)


def _glass_beside(page: Page) -> Page:
    """Open an empty page of the same portal and session, with axe in it."""
    glass = page.context.new_page()
    address = f"{urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}/glass"
    glass.route(
        address, lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title></title>")
    )
    glass.goto(address)
    glass.evaluate(AXE_SCRIPT)
    return glass


Open = Callable[..., Page]
