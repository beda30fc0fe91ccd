"""Walks every page that a person can reach by links, and gives back what each one said."""

import re
from html import unescape
from typing import Any
from urllib.parse import urldefrag

LINK = re.compile(r'(?:href|src)="(/[^"]*)"')
ONCE = re.compile(r'(name="(?:csrf_token|key|idempotency_key)"[^>]*value=")[^"]+|(content=")[^"]{40,}(?=")')


def lasting(text: str) -> str:
    """A page without what is new on each rendering, such as tokens signed in another second."""
    return ONCE.sub(r"\1\2", text)


def crawl(client: Any, *starts: str, most: int = 400) -> dict[str, tuple[int, bytes]]:
    """Status and body of every GET page reachable from `starts`, without what is new on each rendering."""
    waiting, seen = list(starts), dict[str, tuple[int, bytes]]()
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen or address.startswith(("/static/", "/logout")):
            continue
        answer = client.get(address)
        body = answer.get_data()
        if answer.mimetype == "text/html":
            text = lasting(answer.text)
            waiting += [urldefrag(unescape(link))[0] for link in LINK.findall(text)]
            body = text.encode()
        elif answer.location:
            waiting.append(answer.location)
        seen[address] = (answer.status_code, body)
    return seen
