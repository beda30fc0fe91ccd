"""How well an expert's words fit those of an application: TF-IDF cosine, and the shared words that explain it.

A word that few experts use tells more than one that all of them use. The fit informs whoever chooses; it decides
nothing, and it knows words only: "neural networks" and "deep learning" share none.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from grants.applications.register import search_words

Key = TypeVar("Key", bound=Hashable)
KEYWORD = 3
"""A keyword somebody chose counts as much as so many mentions in a text."""
SHOWN = 6
_COMMON = frozenset(
    search_words(
        "a about above after all also an and any are as at based be because been between both but by can "
        "could do does each for from further had has have how if in into is it its more most new no not of on "
        "one only or other our over project research results such than that the their them then there these "
        "they this those through to two under up use used using was we well were what when which while who "
        "will with within work would you your alors au aussi autre aux avec ce ces cette comme dans de depuis "
        "des deux donc dont du elle en entre est et etre fait il ils la le les leur leurs mais meme ne nos "
        "notre nous ont ou par pas plus pour projet que qui recherche resultats sa sans se ses si son sont "
        "sous sur tous tout toute un une vers vos votre"
    ).split()
)


@dataclass(frozen=True)
class Fit:
    """`value` from 0 (no word in common) to 1 (the same words); `shared` words, the most telling first."""

    value: float
    shared: tuple[str, ...]


NONE = Fit(0.0, ())
BIDS = ("yes", "maybe", "no")
"""What experts answer where a call asks what they would like to evaluate."""


def with_bid(value: float, bid: str) -> float:
    """A fit from 0 to 1, moved by what the expert said (decision 0032); "" is no answer and moves nothing.

    "yes" takes half of the way to 1 and "maybe" a quarter, so words still count; "no" leaves nothing, and bars nobody.
    """
    match bid:
        case "yes":
            return (value + 1) / 2
        case "maybe":
            return (3 * value + 1) / 4
        case "no":
            return 0.0
    return value


def terms(keywords: Iterable[str], *texts: str) -> Counter[str]:
    """Words by how often they count; without accents, case and common words, the plural -s folded away."""
    found = Counter({word: KEYWORD * count for word, count in _words(" ".join(keywords)).items()})
    for text in texts:
        found.update(_words(text))
    return found


def _words(text: str) -> Counter[str]:
    return Counter(
        word.removesuffix("s") if len(word) > 4 else word
        for word in search_words(text).split()
        if len(word) > 1 and word not in _COMMON and not word.isdecimal()
    )


def fits(wanted: Counter[str], offered: Mapping[Key, Counter[str]]) -> dict[Key, Fit]:
    """How well each of `offered` fits `wanted`; how telling a word is follows from how many of `offered` have it."""
    frequency = Counter(word for found in offered.values() for word in found)
    rarity = {
        word: 1 + math.log((1 + len(offered)) / (1 + frequency[word])) for word in {*wanted, *frequency}
    }

    def vector(found: Counter[str]) -> dict[str, float]:
        return {word: (1 + math.log(count)) * rarity[word] for word, count in found.items()}

    target = vector(wanted)
    length = math.hypot(*target.values())
    fitting = {}
    for key, found in offered.items():
        own = vector(found)
        products = {word: own[word] * weight for word, weight in target.items() if word in own}
        if not products:
            fitting[key] = NONE
            continue
        value = sum(products.values()) / (length * math.hypot(*own.values()))
        best = sorted(products, key=lambda word: (-products[word], word))
        fitting[key] = Fit(min(1.0, value), tuple(best[:SHOWN]))
    return fitting
