"""
Files that come in: the case of a calculation, and what payroll answers.

Rules: docs/reference/files.md.
"""

from kamcomp.imports.kinds import register
from payouts.intake.cases import CaseFileUnreadable, case_read
from payouts.intake.payroll import PAYROLL_RETURN

register(PAYROLL_RETURN)

__all__ = ["PAYROLL_RETURN", "CaseFileUnreadable", "case_read"]
