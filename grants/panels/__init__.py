"""The panel: ranking, ties, and the line where the budget ends."""
