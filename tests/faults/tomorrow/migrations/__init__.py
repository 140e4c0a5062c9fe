"""Tomorrow's migrations."""
