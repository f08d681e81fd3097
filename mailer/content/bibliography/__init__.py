"""Publications: read from BibTeX, set in a field's style."""
