"""The subscriber's pages: no cookie, no script, and nothing that a GET would change."""

from fastapi import APIRouter

from mailer.web.public import archive, join, leave, move, preferences

router = APIRouter(include_in_schema=False)
for part in (join, leave, preferences, move, archive):
    router.include_router(part.router)
