"""Browsers that do not wait for the test's own transaction."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.panels.built import Browser


@pytest.fixture
def as_(as_: Callable[[str], Any]) -> Callable[[str], Browser]:
    """as_('officer'): one browser for each part."""
    browsers: dict[str, Browser] = {}

    def browser(part: str) -> Browser:
        if part not in browsers:
            browsers[part] = Browser(as_, part)
        return browsers[part]

    return browser
