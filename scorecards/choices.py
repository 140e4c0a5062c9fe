"""The words of metrics, targets, results and facts."""

from django.db.models import TextChoices


class Unit(TextChoices):
    MONEY = "money", "Money"
    PERCENT = "percent", "Percent"
    POINTS = "points", "Percentage points"
    INDEX = "index", "Index"
    COUNT = "count", "Count"
    SCORE = "score", "Score"
    DAYS = "days", "Days"
    TURNS = "turns", "Turns"


class Direction(TextChoices):
    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"


class Level(TextChoices):
    PERSON = "person", "Person"
    SEGMENT = "segment", "Segment"
    SITE = "site", "Site"
    ACCOUNT = "account", "Account"
    REGION = "region", "Region"
    COMPANY = "company", "Company"


class Aggregation(TextChoices):
    SUM = "sum", "Sum"
    LAST = "last", "Last"
    AVERAGE = "average", "Average"
    RATIO_OF_SUMS = "ratio_of_sums", "Ratio of sums"


class MetricSource(TextChoices):
    COMPUTED = "computed", "Computed from facts"
    EXTERNAL = "external", "External file"


class MetricStatus(TextChoices):
    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    RETIRED = "retired", "Retired"


class TargetStatus(TextChoices):
    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"
    ACCEPTED = "accepted", "Accepted"
    DISPUTED = "disputed", "Disputed"
    REVISED = "revised", "Revised"


class ResultStatus(TextChoices):
    PROVISIONAL = "provisional", "Provisional"
    FINAL = "final", "Final"
    RESTATED = "restated", "Restated"
    MISSING = "missing", "Missing"
    INSUFFICIENT = "insufficient", "Sample too small"


class ScorecardStatus(TextChoices):
    OPEN = "open", "Open"
    FINAL = "final", "Final"


class Window(TextChoices):
    """The days a result looks at, seen from its period."""

    PERIOD = "period", "The period"
    YEAR_TO_DATE = "year_to_date", "The fiscal year to the period's end"
    YEAR = "year", "The whole fiscal year"
    MULTI_YEAR = "multi_year", "Several years"


class CreditType(TextChoices):
    DIRECT = "direct", "Direct"
    SPLIT = "split", "Split"
    OVERLAY = "overlay", "Overlay"
    CROSSOVER = "crossover", "Crossover"


class RespondentGroup(TextChoices):
    CUSTOMER = "customer", "Customer"
    COLLEAGUE = "colleague", "Matrix colleague"
    MEMBER = "member", "Team member"
