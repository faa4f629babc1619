"""The catalogue's migrations, run by `database.py` whenever a catalogue is opened."""
