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


class Loading(TextChoices):
    LIVE = "live", "Live"
    HISTORY = "history", "History load"
