"""Recompute a draw from its protocol: python rerun_draw.py protocol.json

The list was fixed, and its hash with it, before the public value that makes the seed was known.
"""

import hashlib
import json
import sys


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def seed(fixed: str, value: str) -> str:
    """The seed: from the hash of what was fixed, and the public value."""
    return sha256(f"{fixed}:{value}")


def order(seed: str, group: list[str]) -> list[str]:
    """The numbers of the group by their lots, the smallest first: a lot is the hash of the seed and the number."""
    return sorted(group, key=lambda number: sha256(f"{seed}:{number}"))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as protocol:
        draw = json.load(protocol)
    # RFC 8785 of what was fixed: keys in order, nothing between them; it holds strings and whole numbers only.
    fixed = json.dumps(draw["fixed"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(fixed) == draw["sha256"], "what was fixed is not what the hash was made of"
    assert seed(draw["sha256"], draw["value"]) == draw["seed"], "the seed does not follow"
    assert order(draw["seed"], draw["fixed"]["group"]) == draw["order"], "the order does not follow"
    sys.stdout.write("\n".join(draw["order"]) + "\n")
