"""Backups: everything that a workspace's database knows, in one SQLite file.

Takes the database, SQLite or PostgreSQL, while others work with it. Gives a file that stands alone, that either kind of
database can be made from again, and that can be looked into with any tool for SQLite; so it is also the way from one kind to
the other. Knows every table by its own description, and of the stages only what must not happen twice.
"""

from mailer.backup.making import back_up, back_up_into, keep_newest, newest
from mailer.backup.restoring import Restored, opened_copy, restore
from mailer.backup.soundness import faults

__all__ = ["Restored", "back_up", "back_up_into", "faults", "keep_newest", "newest", "opened_copy", "restore"]
