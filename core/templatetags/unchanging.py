"""A tag around what every page says alike for as long as the portal runs: addresses of style sheets, scripts, images."""

from django import template
from django.template import Context, Node, NodeList
from django.template.base import Parser, Token
from django.utils.safestring import SafeString

register = template.Library()


class Unchanging(Node):
    """Renders what stands in it the first time, and says the same from then on."""

    def __init__(self, nodelist: NodeList) -> None:
        """Keep what stands between the tags."""
        self.nodelist = nodelist
        self._said: SafeString | None = None

    def render(self, context: Context) -> SafeString:
        """Return what it said first; two threads that come first at once say the same."""
        if self._said is None:
            self._said = self.nodelist.render(context)
        return self._said


@register.tag
def unchanging(parser: Parser, token: Token) -> Unchanging:
    """Take what stands up to ``endunchanging``: it may hang on no request, person or record."""
    nodelist = parser.parse(("endunchanging",))
    parser.delete_first_token()
    return Unchanging(nodelist)
