"""What is written the same on every page is worked out once, and what stands around it each time."""

from django.template import Context, Template


def test_what_stands_in_it_is_worked_out_once_and_what_stands_around_it_each_time() -> None:
    template = Template("{% load unchanging %}{{ n }} {% unchanging %}[{{ n }}]{% endunchanging %} {{ n }}")

    assert [template.render(Context({"n": n})) for n in (1, 2)] == ["1 [1] 1", "2 [1] 2"]
