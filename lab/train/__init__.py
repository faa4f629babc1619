"""Draws document figures with captions, and trains the small CLIP that Exhibit ships on them."""
