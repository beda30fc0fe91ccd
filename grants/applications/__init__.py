"""An application: the consortium's draft, and the versions that it submitted."""
