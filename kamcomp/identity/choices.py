"""The roles a person may hold; one person may hold several."""

from django.db.models import TextChoices


class Role(TextChoices):
    COMP_ADMIN = "comp_admin", "Compensation admin"
    KAM = "kam", "Key account manager"
    PAYEE = "payee", "Payee"
    FINANCE = "finance", "Finance"
    EXECUTIVE = "executive", "Executive"
    HR_LEGAL = "hr_legal", "HR and legal"
    AUDITOR = "auditor", "Auditor"
    API_CLIENT = "api_client", "API client"
