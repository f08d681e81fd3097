"""mailer: a newsletter issue in Markdown becomes responsive email and reaches, once, everyone who asked for it."""

__version__ = "0.1.0"
