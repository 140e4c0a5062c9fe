"""The REST interface of `plans`: plans, their drafts and versions, and who is on them."""

from plans.api import drafts, plans  # they declare their resources

__all__ = ["drafts", "plans"]
