"""A call for proposals: its timetable, its rules, its scoring scheme and its form."""
