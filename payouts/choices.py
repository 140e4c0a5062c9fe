"""The words of the money: runs, pools, adjustments, the ledger, the files."""

from django.db.models import TextChoices


class RunKind(TextChoices):
    REGULAR = "regular", "Regular"
    OFF_CYCLE = "off_cycle", "Off-cycle"
    FINAL = "final", "Leaver's final"


class RunStatus(TextChoices):
    DRAFT = "draft", "Draft"
    QUEUED = "queued", "Queued"
    CALCULATING = "calculating", "Calculating"
    CALCULATED = "calculated", "Calculated"
    WITH_ERRORS = "with_errors", "Completed with errors"
    FAILED = "failed", "Failed"
    REVIEWED = "reviewed", "Reviewed"
    ALLOCATING = "allocating", "Allocating"
    APPROVED = "approved", "Approved"
    LOCKED = "locked", "Locked"
    SUPERSEDED = "superseded", "Superseded"


class ChunkStatus(TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class PayElement(TextChoices):
    COMMISSION = "commission", "Commission"
    BONUS = "bonus", "Bonus"


class LineKind(TextChoices):
    """What a payout line explains: a leaf, or what a rule above the leaves changed."""

    LEAF = "leaf", "Goal"
    RULE = "rule", "Plan rule"
    CARRY = "carry", "Carried"
    FLOOR = "floor", "Floor"
    TERMS = "terms", "Payment terms"


class ReviewOutcome(TextChoices):
    CONFIRMED = "confirmed", "Confirmed"
    OBJECTED = "objected", "Objected"


class ReviewState(TextChoices):
    """How an account stands in the schedule of a period's review; what needs somebody sorts first."""

    OVERDUE = "overdue", "Overdue"
    OBJECTED = "objected", "Objected"
    WAITS = "waits", "Waits for a word"
    LATE_RUN = "late_run", "Not calculated yet"
    PLANNED = "planned", "Planned"
    CONFIRMED = "confirmed", "Confirmed"
    SEEN = "seen", "Counts as seen"


class CalendarKind(TextChoices):
    """The dates of a period, in the order in which they come."""

    LAST_DAY = "last_day", "Period ends"
    CUT_OFF = "cut_off", "Results collected until"
    REVIEW = "review", "Accounts reviewed until"
    WINDOW = "window", "Pools allocated until"
    PAY_DAY = "pay_day", "Pay day"


class PoolStatus(TextChoices):
    PLANNED = "planned", "Planned"
    FUNDED = "funded", "Funded"
    ALLOCATING = "allocating", "Allocating"
    SUBMITTED = "submitted", "Submitted"
    RETURNED = "returned", "Returned"
    APPROVED = "approved", "Approved"


class AdjustmentKind(TextChoices):
    CORRECTION = "correction", "Late fact"
    TRUE_UP = "true_up", "True-up"
    DRAW = "draw", "Draw"
    GUARANTEE = "guarantee", "Guarantee"
    CLAWBACK = "clawback", "Clawback"
    GOODWILL = "goodwill", "Goodwill"
    CEILING = "ceiling", "Personal ceiling"
    DISPUTE = "dispute", "Upheld dispute"


class AdjustmentStatus(TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    POSTED = "posted", "Posted"


class DisputeKind(TextChoices):
    QUESTION = "question", "Question"
    DISPUTE = "dispute", "Dispute"


class DisputeStatus(TextChoices):
    OPEN = "open", "Open"
    IN_REVIEW = "in_review", "In review"
    UPHELD = "upheld", "Upheld"
    PARTLY_UPHELD = "partly_upheld", "Partly upheld"
    REJECTED = "rejected", "Rejected"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


class ExceptionKind(TextChoices):
    DEAL = "deal", "Deal structure"
    CREDITING = "crediting", "Crediting"
    TIMING = "timing", "Timing"
    QUOTA = "quota", "Quota"
    PAYOUT = "payout", "Payout"
    TERMS = "terms", "Personal terms"


class ExceptionStatus(TextChoices):
    REQUESTED = "requested", "Requested"
    REVIEWED = "reviewed", "Reviewed"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"


class LedgerAccount(TextChoices):
    EXPENSE = "expense", "Incentive expense"
    PAYABLE = "payable", "Incentives payable"
    POOL = "pool", "Team pool"
    DRAW = "draw", "Recoverable draws"
    BANK = "bank", "Deferred incentives"
    RECOVERABLE = "recoverable", "Recoverable from payees"
    CONVERSION = "conversion", "Conversion differences"
    PAYROLL = "payroll", "Paid through payroll"


class PayoutEventKind(TextChoices):
    HELD = "held", "Held"
    RELEASED = "released", "Released"
    EXPORTED = "exported", "Exported"
    PAID = "paid", "Paid"
    DISPUTED = "disputed", "Disputed"


class RegisterState(TextChoices):
    """Where what a run pays a person stands."""

    BEFORE = "before", "Not final yet"
    NOTHING = "nothing", "Nothing to pay"
    PAYABLE = "payable", "To be paid"
    HELD = "held", "Held"
    EXPORTED = "exported", "With payroll"
    PAID = "paid", "Paid"


class ExportProfile(TextChoices):
    REGISTER = "register", "Payout register"
    PAYROLL = "payroll", "Payroll"
    GL_JOURNAL = "gl_journal", "General-ledger journal"
    FULL_TRACE = "full_trace", "Full trace"


class ExportFormat(TextChoices):
    CSV = "csv", "CSV"
    NDJSON = "ndjson", "NDJSON"
    XLSX = "xlsx", "XLSX"
