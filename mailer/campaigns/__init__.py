"""Campaigns: a letter set, a list and a time; what the manager decides about them.

Takes an `Issue` and the audiences it goes to. Gives drafts, releases named by a hash, the letters and the web edition that
were approved, and the moves of a campaign's state. Knows content, rendering and whom an audience holds; knows no relay.
"""

from mailer.campaigns.archive import Publication, Published, list_publications, publication
from mailer.campaigns.combinations import masks_of
from mailer.campaigns.course import (
    advance_enlisting,
    begin_judging,
    due,
    end_canary,
    finish_enlisting,
    keep_key,
    mark_sent,
    note_trouble,
)
from mailer.campaigns.decisions import (
    Decision,
    cancel,
    hold,
    hold_all,
    note_test,
    pause,
    recall,
    resume,
    schedule,
)
from mailer.campaigns.drafts import change, create, discard
from mailer.campaigns.issues import (
    IssueRow,
    edited_since,
    findings_in,
    issue,
    issue_of_revision,
    list_issues,
    read_front,
    read_revision,
    revision_files,
    revisions,
    store_revision,
)
from mailer.campaigns.narrowing import filters_of, narrowing
from mailer.campaigns.plan import Plan, left_out, plan
from mailer.campaigns.release import (
    keep_pictures,
    media,
    released_edition,
    released_letter,
    released_masks,
    verify_release,
)
from mailer.campaigns.rows import CampaignRow, campaign, is_live, list_campaigns, may_go_out, over_before, row, working
from mailer.campaigns.segments import delete_segment, edit_segment, uses_of_segments
from mailer.campaigns.when import leaving_at, parse_when

__all__ = [
    "CampaignRow",
    "Decision",
    "IssueRow",
    "Plan",
    "Publication",
    "Published",
    "advance_enlisting",
    "begin_judging",
    "campaign",
    "cancel",
    "change",
    "create",
    "delete_segment",
    "discard",
    "due",
    "edit_segment",
    "edited_since",
    "end_canary",
    "filters_of",
    "findings_in",
    "finish_enlisting",
    "hold",
    "hold_all",
    "is_live",
    "issue",
    "issue_of_revision",
    "keep_key",
    "keep_pictures",
    "leaving_at",
    "left_out",
    "list_campaigns",
    "list_issues",
    "list_publications",
    "mark_sent",
    "masks_of",
    "may_go_out",
    "media",
    "narrowing",
    "note_test",
    "note_trouble",
    "over_before",
    "parse_when",
    "pause",
    "plan",
    "publication",
    "read_front",
    "read_revision",
    "recall",
    "released_edition",
    "released_letter",
    "released_masks",
    "resume",
    "revision_files",
    "revisions",
    "row",
    "schedule",
    "store_revision",
    "uses_of_segments",
    "verify_release",
    "working",
]
