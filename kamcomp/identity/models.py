"""Users, and the roles they hold by date. A user is a door; pay belongs to a person in `teams`."""

from datetime import date

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Count, Subquery

from kamcomp.identity.choices import Role
from kamcomp.ids import uuid7
from kamcomp.records import Dated


class User(AbstractUser):
    """Someone, or something, that signs in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    def roles_on(self, day: date) -> set[str]:
        """Return the roles in force on a day."""
        return set(self.role_grants.filter(valid__contains=day).values_list("role", flat=True))

    def roles_and_unread_on(self, day: date) -> tuple[set[str], int]:
        """Return the roles in force on a day and how many notices are unread: one question, as every page asks both."""
        mine = self.notices.filter(read_at=None).order_by().values("user")
        unread = Subquery(mine.annotate(count=Count("pk")).values("count"))
        rows = list(self.role_grants.filter(valid__contains=day).values_list("role", unread))
        return {role for role, _count in rows}, max((count or 0 for _role, count in rows), default=0)


class RoleGrant(Dated):
    """A role of a user over a span of days."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="role_grants_do_not_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="role_grants_role_is_known", condition=models.Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()}"
