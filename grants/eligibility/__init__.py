"""Admissibility and eligibility: what the rules find, and how the officer rules on it."""
