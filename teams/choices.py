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
