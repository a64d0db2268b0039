"""Rewrites the HTML of a note as the server's sanitiser might, so that nobody compares it with what was sent.

That content is sanitised is documented [OpenAPI v1 notes]; which tags survive is not [facts: 11], so the
set is assumed: text always survives, scripts never, markup is normalised.
"""

import html
from html.parser import HTMLParser
from typing import Any

LINKS = ("deal_id", "person_id", "org_id", "lead_id", "project_id", "task_id")
"""What a note may be attached to [OpenAPI v1 addNote]."""
NEW_NOTE: dict[str, Any] = {
    "content": "",
    "active_flag": True,
    "deal_id": None,
    "person_id": None,
    "org_id": None,
    "lead_id": None,
    "project_id": None,
    "task_id": None,
    "pinned_to_deal_flag": False,
    "pinned_to_person_flag": False,
    "pinned_to_organization_flag": False,
    "pinned_to_project_flag": False,
    "pinned_to_task_flag": False,
}

SAME = frozenset({"p", "br", "u", "s", "ul", "ol", "li", "a", "strong", "em", "div", "blockquote", "h1", "h2", "h3"})
RENAMED = {"b": "strong", "i": "em", "strike": "s"}
SILENCED = frozenset({"script", "style", "iframe", "object"})


class _Sanitiser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silenced = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENCED:
            self.silenced += 1
            return
        name = RENAMED.get(tag, tag)
        if self.silenced or name not in SAME:
            return
        link = dict(attrs).get("href") if name == "a" else None
        if link and link.startswith(("https://", "http://", "mailto:")):
            self.out.append(f'<a href="{html.escape(link)}" target="_blank" rel="noopener noreferrer">')
        else:
            self.out.append(f"<{name}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SILENCED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENCED:
            self.silenced = max(0, self.silenced - 1)
            return
        name = RENAMED.get(tag, tag)
        if not self.silenced and name in SAME and name != "br":
            self.out.append(f"</{name}>")

    def handle_data(self, data: str) -> None:
        if not self.silenced:
            self.out.append(html.escape(data.replace("\r\n", "\n"), quote=False))


def sanitised(content: str) -> str:
    """Content as it is kept and handed out."""
    parser = _Sanitiser()
    parser.feed(content)
    parser.close()
    return "".join(parser.out).strip()
