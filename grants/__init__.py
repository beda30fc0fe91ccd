"""Research grant applications, from an open call to a signed-off decision."""

__version__ = "0.1.0"
