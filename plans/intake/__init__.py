"""
Files of plan documents and of who is on which plan.

Rules: docs/reference/files.md.
"""

from kamcomp.imports.kinds import register
from plans.intake.assignments import ASSIGNMENTS
from plans.intake.documents import PLAN_DOCUMENTS

register(PLAN_DOCUMENTS, ASSIGNMENTS)
