"""The manager's pages: everything here wants somebody who is signed in."""

from fastapi import APIRouter, Depends

from mailer.web.dependencies import signed_in
from mailer.web.manager import (
    attributes,
    audiences,
    audit,
    campaigns,
    dashboard,
    drafts,
    imports,
    issues,
    mailbox,
    people,
    preview,
    release,
    segments,
    settings,
)
from mailer.web.security import no_nul

router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in), Depends(no_nul)])
# `release`, `drafts` and `imports` name addresses that the patterns of `campaigns` and `people` would take too.
for part in (
    dashboard,
    issues,
    preview,
    release,
    drafts,
    campaigns,
    imports,
    segments,
    people,
    attributes,
    audiences,
    mailbox,
    settings,
    audit,
):
    router.include_router(part.router)
