"""The experts: the pool, their invitations, conflicts of interest and assignments."""
