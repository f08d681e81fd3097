"""Rows that a test writes past the code under test, such as those of an older schema."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

_CAMPAIGN: Mapping[str, object] = {
    "id": 1, "slug": "s", "title": "t", "revision_id": 1, "audiences": "[]", "state": "sent", "reason": "", "detail": "",
    "resumes_to": "", "zone": "UTC", "release_hash": "", "uncertain_rule": "resend", "tested_digest": "", "is_enlisted": True,
    "created_at": "2027-01-01 00:00:00",
}  # fmt: skip
"""The columns that campaigns have had since the first migration."""


def write_campaign(session: Session, **values: object) -> None:
    """Campaign 1 of revision 1, with these values in the place of the usual ones."""
    session.execute(
        text(
            "INSERT INTO issue_revisions (id, slug, title, main, digest, origin, author, created_at)"
            " VALUES (1, 's', 't', 'issue.md', 'd', '', '', '2027-01-01 00:00:00')"
        )
    )
    row = {**_CAMPAIGN, **values}
    named = ", ".join(f":{column}" for column in row)
    session.execute(text(f"INSERT INTO campaigns ({', '.join(row)}) VALUES ({named})"), row)  # noqa: S608 - our own names
