"""Measures what Exhibit finds and answers, over its public API: `python -m evaluation --data FOLDER`."""
