"""The REST interface of `plans`: plans, their versions, and who is on them."""

from plans.api import plans  # it declares its resources

__all__ = ["plans"]
