"""A harbour for the story of a charter: one boat, one template, an owner, and the letters people read."""

import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
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
# Rows of the same tags, classes and attributes look alike: two of each shape in a list, a table or a chart say it all.
# News of rows that were taken away would find nothing to replace, so a thinned page asks for none.
THIN = """frame => {
  for (const asker of document.querySelectorAll("[hx-trigger*=every]")) {
    window.htmx.trigger(asker, "htmx:abort");
    asker.removeAttribute("hx-trigger");
    asker.replaceWith(asker.cloneNode(true));
  }
  if (!frame)
    for (const part of document.querySelectorAll(".topbar, .rail, .dock, .footer, .sample-notice")) part.remove();
  const told = one => `${one.tagName} ${one.getAttribute("class")} ${one.getAttributeNames()}`;
  for (const list of document.querySelectorAll("tbody, ul, ol, svg, svg g")) {
    const shapes = new Map();
    for (const row of [...list.children]) {
      const shape = [row, ...row.querySelectorAll("*")].map(told).join();
      shapes.set(shape, (shapes.get(shape) || 0) + 1);
      if (shapes.get(shape) > 2) row.remove();
    }
  }
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
    """Looks at each page as a reader with bad eyes and a narrow phone would; what it finds is told at the end."""

    viewport: dict[str, int]
    others: tuple[dict[str, int], ...] = ()
    """Screens that each page must fit as well."""
    sparing: bool = False
    """Whether axe is spared what it saw just so: only where nothing more is done on the pages."""
    found: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    axe: Axe = field(default_factory=Axe)

    def look(self, page: Page, name: str) -> None:
        """Note every violation of WCAG 2.2 AA, and a page wider than its screen."""
        self.looked.append(name)
        # A link that was just followed may have come to a page of which nothing is there yet.
        page.wait_for_load_state()
        high = self._fits(page, name, self.viewport)
        for screen in self.others:
            page.set_viewport_size(screen)  # type: ignore[arg-type]
            self._fits(page, name, screen)
        frame = not self.sparing or len(self.looked) <= FRAMES
        if self.sparing:
            page.evaluate(THIN, frame)
        # The whole page at once: a button that happens to stand half behind the bar below can be scrolled free.
        page.set_viewport_size(
            {
                "width": self.viewport["width"],
                "height": max(high if frame else 0, self.viewport["height"]),
            }
        )  # type: ignore[typeddict-item]
        violations = self.axe.run(page, options=AXE).response["violations"]
        self.found += [
            f"{name}: {one['id']}: {node['html'][:160]} {node['failureSummary']}"
            for one in violations
            for node in one["nodes"]
        ]
        page.set_viewport_size(self.viewport)  # type: ignore[arg-type]

    def _fits(self, page: Page, name: str, screen: dict[str, int]) -> int:
        """Note a page that is wider than a screen, and return how high it is there."""
        wide, high = page.evaluate(SIZES)
        if wide > screen["width"]:
            self.found.append(f"{name}: {wide} px wide on {screen['width']}")
        return int(high)


Open = Callable[..., Page]
