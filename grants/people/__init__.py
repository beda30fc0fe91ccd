"""People and their organisations: accounts, roles and identifiers."""
