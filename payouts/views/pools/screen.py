"""What the pages about one pool share: who may see it, who hands it out, and what its sheet shows."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing, role_check
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.visibility import viewer_for, visible
from payouts.choices import PoolStatus
from payouts.forms import PoolReturn, shown
from payouts.models import Pool
from payouts.selectors.pool_sheet import OPEN, PoolSheet, pool_allocates, window_over
from payouts.services.pools import APPROVERS
from payouts.views.pools.steps import Steps

APPROVERS_SEE = (*APPROVERS, Role.AUDITOR)


class PoolScreen(Screen, TemplateResponseMixin, View):
    """A page about one pool that the reader may see."""

    @property
    def reader(self) -> User:
        """Return who reads."""
        return cast(User, self.request.user)

    @cached_property
    def pool(self) -> Pool:
        """Return the pool, or 404."""
        return self._pool()

    @cached_property
    def steps(self) -> Steps:
        """Return what the reader did to this pool and can take back."""
        return Steps(session=self.request.session, pool_id=self.kwargs["pool_id"])

    def _pool(self) -> Pool:
        pools = visible(Pool.objects.all(), to=viewer_for(self.request)).select_related(
            "account__node", "period", "run", "plan_version", "allocator__details", "allocator__manager__details",
            "submitted_by", "approved_by",
        )  # fmt: skip
        pool = pools.filter(pk=self.kwargs["pool_id"]).first()
        if pool is None or pool.funded is None:
            raise Http404
        if not (
            self.allocates(pool) or viewer_for(self.request).holds(*APPROVERS_SEE) or self._decides(pool)
        ):
            raise Http404
        return pool

    def allocates(self, pool: Pool) -> bool:
        """Tell whether the reader hands this pool out."""
        return pool_allocates(pool=pool, user=self.reader, on=timezone.localdate())

    def _decides(self, pool: Pool) -> bool:
        """Tell whether the reader may decide on a submitted pool: somebody else than allocated it."""
        manager = pool.allocator.manager if pool.allocator else None
        if pool.submitted_by_id == self.reader.pk or (
            pool.allocator and pool.allocator.user_id == self.reader.pk
        ):
            return False
        if manager is not None and manager.user_id == self.reader.pk:
            return True
        try:
            role_check(user=self.reader, roles=APPROVERS, on=timezone.localdate(), act="")
        except RoleMissing:
            return False
        return True

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of pools."""
        return [
            Crumb(label=_("Team pools"), url=reverse("payouts:pool-list")),
            Crumb(label=str(self.pool.account)),
            Crumb(label=self.pool.period.code),
        ]

    def sheet_context(self, sheet: PoolSheet, **more: Any) -> dict[str, Any]:
        """Return what the sheet's template reads."""
        pool = sheet.pool
        today = timezone.localdate()
        over = pool.status in OPEN and window_over(pool=pool, on=today)
        may = pool.status in OPEN and not over and self.allocates(pool)
        return {
            "sheet": sheet,
            "pool": pool,
            "may_allocate": may,
            "window_over": over,
            "decides": pool.status == PoolStatus.SUBMITTED and self._decides(pool),
            "days_left": (pool.closes_on - today).days if pool.closes_on else None,
            "undo_steps": len(self.steps) if may else 0,
            "shown": {row.person_id: shown(row, pool.currency) for row in sheet.rows},
            "return_form": PoolReturn(),
            "title": __("Allocate team pool, %(period)s") % {"period": pool.period.code},
            **more,
        }
