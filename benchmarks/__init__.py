"""Measurements and drills: run for their figures; tests run some in small, for what they prove, not for time."""
