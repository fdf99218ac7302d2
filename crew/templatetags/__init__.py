"""Template tags of the crew portal."""
