#!/usr/bin/env python3
"""Check the chains of an events export, with nothing but Python: python3 verify_events.py events.jsonl

Each line is one event. Its hash covers what happened, who did it, when, and the hash of the event before it in the same
chain, so nothing can be changed, left out or put in without changing every hash that follows. The reasons and other
facts of an event lie in its payload, whose salted hash the event holds; a payload that a retention rule has erased is
counted and breaks nothing. Compare the last hash of each chain with one that was written down earlier, to see that the
whole chain was not made anew. Exit code 0: every chain holds; 1: it does not, and where; 2: the file cannot be read.
"""

import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any


def canonical(value: Any) -> str:
    """Canonical JSON (RFC 8785) of texts in NFC, whole numbers, lists and objects."""
    if isinstance(value, dict):
        pairs = sorted(
            ((unicodedata.normalize("NFC", key), inner) for key, inner in value.items()),
            key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"),
        )
        return "{" + ",".join(f"{canonical(key)}:{canonical(inner)}" for key, inner in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value)
    return json.dumps(value, ensure_ascii=False)


def link(event: dict[str, Any]) -> str:
    """What the hash of an event must be."""
    covered = {
        "chain": event["chain"], "number": event["number"], "noun": event["noun"], "thing": event["thing"],
        "verb": event["verb"], "source": event["source"] or "", "target": event["target"] or "",
        "user": event["user"] or 0, "at": event["at"], "payload": event["payload_hash"],
        "previous": event["previous"],
    }  # fmt: skip
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def check(lines: Iterable[str]) -> tuple[dict[str, dict[str, Any]], int, list[str]]:
    """The last event of each chain, how many payloads were erased, and the places where a chain does not hold."""
    last: dict[str, dict[str, Any]] = {}
    erased, broken = 0, list[str]()
    for line in lines:
        event = json.loads(line)
        before = last.get(event["chain"])
        expected = (before["number"] + 1, before["hash"]) if before else (1, "")
        place = f"{event['chain']} event {event['number']}"
        if (event["number"], event["previous"]) != expected:
            broken.append(f"{place}: does not follow the event before it")
        if event["hash"] != link(event):
            broken.append(f"{place}: was changed")
        if event["payload"] is None:
            erased += 1
        else:
            text = event["payload"]["salt"] + canonical(event["payload"]["facts"])
            if hashlib.sha256(text.encode()).hexdigest() != event["payload_hash"]:
                broken.append(f"{place}: its facts were changed")
        last[event["chain"]] = event
    return last, erased, broken


def main(path: str) -> int:
    try:
        with open(path, encoding="utf-8") as file:
            last, erased, broken = check(file)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print(f"{path} cannot be read: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    for chain, event in last.items():
        print(f"{chain}: {event['number']} events, last hash {event['hash']}")
    print(f"{len(last)} chains, {erased} payloads erased, {len(broken)} broken places")
    for place in broken:
        print(place, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else (print(__doc__), 2)[1])
