from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client


class References(HTMLParser):
    """Everything that a page loads, and whether a script stands in the page itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.inline = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.urls += [value for name, value in attrs if name in {"src", "href", "data-document"} and value]
        self.inline |= tag == "style" or (tag == "script" and "src" not in given)
        self.inline |= any(name == "style" or name.startswith("on") for name in given)


@pytest.fixture
def page() -> References:
    return References(Client().get("/api/docs").content.decode())


def static_file(url: str) -> Path:
    found = finders.find(url.removeprefix("/static/"))
    assert isinstance(found, str), f"{url} is not there"
    return Path(found)


def test_the_page_loads_local_files_alone(page: References) -> None:
    assert len(page.urls) == 5
    assert [url for url in page.urls if not re.match(r"/(?!/)", url)] == []
    assert all(static_file(url).stat().st_size for url in page.urls if url.startswith("/static/"))


def test_nothing_that_it_loads_names_another_host(page: References) -> None:
    styles = [static_file(url).read_text() for url in page.urls if url.endswith(".css")]
    [script] = [static_file(url).read_text() for url in page.urls if url.endswith("docs.js")]

    assert [url for style in styles for url in re.findall(r"url\(([^)]{1,20})", style) if "data:" not in url] == []
    assert "@import" not in "".join(styles)
    assert "//" not in re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)
    assert "validatorUrl: null" in script


def test_the_browser_is_told_to_ask_no_other_host(page: References) -> None:
    policy = Client().get("/api/docs").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'self';")
    assert "script-src" not in policy
    assert not page.inline
    assert re.findall(r"https?:|\*", policy) == []
