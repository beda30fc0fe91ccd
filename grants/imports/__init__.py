"""Imports: topics and projects in the public formats, record by record, with a report of what was refused and why."""
