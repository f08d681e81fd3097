"""The subscriber's pages: no cookie, no script, and nothing that a GET would change."""

from fastapi import APIRouter, Depends

from mailer.web.public import archive, join, leave, move, preferences
from mailer.web.security import no_nul

router = APIRouter(include_in_schema=False, dependencies=[Depends(no_nul)])
for part in (join, leave, preferences, move, archive):
    router.include_router(part.router)
