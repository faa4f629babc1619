"""Measures what Exhibit finds and answers, over its public API: `python -m eval --data FOLDER`."""
