"""Markdown and HTML, ours and that of other systems, become blocks and inlines."""
