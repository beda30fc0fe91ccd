"""The decision: outcome, approval by two people, release and redress."""
