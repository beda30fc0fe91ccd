"""The command line: grants run, demo, migrate, user, worker, import, export, assign, rank, check, and others."""

import click

from grants import __version__
from grants.cli import accounts, assignment, figures, incoming, papers, records, service


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grants")
def main() -> None:
    """Research grant applications, from an open call to a signed-off decision.

    Settings come from environment variables; 'grants settings' lists them.
    """


for command in (
    service.run, service.demo, service.migrate, service.settings, service.worker,
    accounts.user, incoming.import_,
    papers.export, papers.verify,
    assignment.assign, figures.reliability, figures.rank,
    records.check, records.backup, records.restore,
):  # fmt: skip
    main.add_command(command)
