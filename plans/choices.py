"""The words of plans and their versions."""

from django.db.models import TextChoices


class PlanType(TextChoices):
    TEAM_PERFORMANCE = "team_performance", "Team performance"
    PORTFOLIO = "portfolio", "Portfolio"
    RENEWAL = "renewal", "Renewal"
    HYBRID = "hybrid", "Hybrid"


class VersionStatus(TextChoices):
    """As stored; active, superseded and expired follow from the days."""

    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ApprovalStep(TextChoices):
    """Who looks at a version before it is approved; the company says which, in which order."""

    SECOND_PERSON = "second_person", "A second person"
    OPERATIONS = "operations", "Sales operations"
    FINANCE = "finance", "Finance"
    HR_LEGAL = "hr_legal", "HR and legal"


class Loading(TextChoices):
    LIVE = "live", "Live"
    HISTORY = "history", "History load"


class DraftStatus(TextChoices):
    """A working draft is edited, then becomes a version or is put aside."""

    EDITING = "editing", "Editing"
    SUBMITTED = "submitted", "Submitted"
    DISCARDED = "discarded", "Discarded"


class Element(TextChoices):
    """What sets a key account manager's plan apart from an account manager's, gone through one by one."""

    MIX = "mix", "Pay mix"
    LEVERAGE = "leverage", "Leverage"
    THRESHOLD = "threshold", "Threshold"
    ACCELERATOR = "accelerator", "Accelerator"
    MEASURES = "measures", "Measures"
    SHARED = "shared", "Shared with the team"
    PERIOD = "period", "Measured over"
    FREQUENCY = "frequency", "Paid every"


class StepKind(TextChoices):
    """What a step of a working draft is: a change, or one that takes a step back or makes it again."""

    CHANGE = "change", "Change"
    UNDO = "undo", "Undone"
    REDO = "redo", "Done again"


class ReplayKind(TextChoices):
    """Whose past it is: that of people under the plan, or that of regional representatives without it."""

    PLAN = "plan", "Of the plan"
    REPS = "reps", "Of regional representatives"


class AcceptanceStatus(TextChoices):
    """Where a version stands with somebody it pays: put before them, read, answered; over with its version."""

    SENT = "sent", "Sent"
    OPENED = "opened", "Opened"
    SIGNED = "signed", "Signed"
    REFUSED = "refused", "Refused"
    LAPSED = "lapsed", "Lapsed"
