"""Measurements and drills: run by hand for their figures; tests run some in small, for what they prove, not for time."""
