"""Acts on plans: one function, one act, one transaction."""

from plans.services.assignments import (
    OnPlan,
    assignment_end,
    assignment_make,
    assignment_override,
    overrides_check,
    people_put,
    versions_in,
)
from plans.services.checks import findings_waive, version_check
from plans.services.drafts import (
    draft_begin,
    draft_change,
    draft_discard,
    draft_redo,
    draft_resume,
    draft_submit,
    draft_undo,
    draft_waive,
)
from plans.services.history import history_load
from plans.services.proposals import draft_elements_tick, draft_propose
from plans.services.versions import (
    plan_make,
    version_approve,
    version_draft,
    version_publish,
    version_redraft,
    version_return,
    version_withdraw,
)

__all__ = [
    "OnPlan",
    "assignment_end",
    "assignment_make",
    "assignment_override",
    "draft_begin",
    "draft_change",
    "draft_discard",
    "draft_elements_tick",
    "draft_propose",
    "draft_redo",
    "draft_resume",
    "draft_submit",
    "draft_undo",
    "draft_waive",
    "findings_waive",
    "history_load",
    "overrides_check",
    "people_put",
    "plan_make",
    "version_approve",
    "version_check",
    "version_draft",
    "version_publish",
    "version_redraft",
    "version_return",
    "version_withdraw",
    "versions_in",
]
