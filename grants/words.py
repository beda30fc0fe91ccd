"""The marker for texts that are translated where they are shown."""


def N_(text: str) -> str:  # noqa: N802
    """The text itself; the translation catalogues collect what passes through here."""
    return text
