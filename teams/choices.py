"""The words of who serves an account, and in which state."""

from django.db.models import TextChoices


class PersonStatus(TextChoices):
    ACTIVE = "active", "Active"
    LEAVER = "leaver", "Leaver"


class EmploymentStatus(TextChoices):
    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    LEAVE = "leave", "On leave"
    NOTICE = "notice", "Under notice"
    ENDED = "ended", "Ended"


class OvertimeStatus(TextChoices):
    NOT_APPLICABLE = "", "Not applicable"
    EXEMPT = "exempt", "Exempt"
    NON_EXEMPT = "non_exempt", "Entitled to overtime"


class Link(TextChoices):
    DIRECT = "direct", "Direct"
    MATRIX = "matrix", "Matrix"


class Seat(TextChoices):
    """What a membership makes of a person on the account: exactly one KAM a day, deputies besides."""

    KAM = "kam", "Key account manager"
    DEPUTY = "deputy", "Deputy"
    MEMBER = "member", "Member"


class TeamEditKind(TextChoices):
    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    LAST_DAY = "last_day", "Last day set"
    HANDED_OVER = "handed_over", "Handed over"


class Scope(TextChoices):
    ACCOUNT = "account", "Account"
    REGIONAL = "regional", "Regional"
    GLOBAL = "global", "Global"


class NodeType(TextChoices):
    PARENT = "parent", "Parent"
    CHILD = "child", "Child"
    DIVISION = "division", "Division"
    SITE = "site", "Site"


class NodeStatus(TextChoices):
    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


class AccountStatus(TextChoices):
    CANDIDATE = "candidate", "Candidate"
    ACTIVE = "active", "Active"
    REVIEW = "review", "In review"
    EXITED = "exited", "Exited"


class Strategy(TextChoices):
    DEFEND = "defend", "Defend"
    GROW = "grow", "Grow"
    PROFIT = "profit", "Profit"


class SegmentKind(TextChoices):
    VERTICAL = "vertical", "Vertical"
    END_MARKET = "end_market", "End market"
    PRODUCT = "product", "Product"
    REGION = "region", "Region"


class PackageStatus(TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"


class ObjectiveStatus(TextChoices):
    DRAFT = "draft", "Draft"
    AGREED = "agreed", "Agreed"
    MET = "met", "Met"
    MISSED = "missed", "Missed"
    DROPPED = "dropped", "Dropped"


class Perspective(TextChoices):
    FINANCIAL = "financial", "Financial"
    GROWTH = "growth", "Growth"
    CUSTOMER = "customer", "Customer"
    INTERNAL = "internal", "Internal"


class DutyPart(TextChoices):
    """What a role has to do with an activity: does it, answers for it, is asked before, is told after."""

    RESPONSIBLE = "responsible", "Responsible"
    ACCOUNTABLE = "accountable", "Accountable"
    CONSULTED = "consulted", "Consulted"
    INFORMED = "informed", "Informed"


class CandidateSource(TextChoices):
    INTERNAL = "internal", "Internal"
    EXTERNAL = "external", "External"


class CameFrom(TextChoices):
    """Where an external candidate works; an internal one is from here."""

    HERE = "", "From here"
    COMPETITOR = "competitor", "A competitor"
    NON_COMPETITOR = "non_competitor", "A company that does not compete"
    CUSTOMER = "customer", "A customer"


class CandidateStatus(TextChoices):
    NEW = "new", "New"
    SELECTION = "selection", "In selection"
    OFFERED = "offered", "Offered"
    HIRED = "hired", "Hired"
    DECLINED = "declined", "Declined"


class RewardKind(TextChoices):
    """What is given besides pay."""

    PROMOTION = "promotion", "Promotion"
    AWARD = "award", "Award"
    RECOGNITION = "recognition", "Recognition"
    PERSONAL = "personal", "Personal"


class LeavingReason(TextChoices):
    PAY = "pay", "Pay"
    CAREER = "career", "Career"
    MANAGER = "manager", "Leadership"
    PLACE = "place", "Place of work or travel"
    RETIREMENT = "retirement", "Retirement"
    DISMISSED = "dismissed", "Dismissed"
    OTHER = "other", "Other or not said"


class Destination(TextChoices):
    COMPETITOR = "competitor", "A competitor"
    CUSTOMER = "customer", "A customer"
    ELSEWHERE = "elsewhere", "A company that does not compete"
    OWN_BUSINESS = "own_business", "Own business"
    NO_WORK = "no_work", "Out of work or retired"
    UNKNOWN = "unknown", "Not known"


class NonCompete(TextChoices):
    NONE = "none", "None agreed"
    IN_FORCE = "in_force", "In force"
    WAIVED = "waived", "Waived"
    OVER = "over", "Over"


class WorkLifeKind(TextChoices):
    """What was agreed so that work leaves room for a life; never why."""

    HOURS = "hours", "Flexible hours"
    PART_TIME = "part_time", "Part time"
    PLACE = "place", "Work from elsewhere"
    TRAVEL = "travel", "Less travel"
    TIME_OFF = "time_off", "Time off"
    OTHER = "other", "Other"
