"""Whom the reader supports: their accounts, the KAM who decides, the shares they were given and why."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from kamcomp.pages.screens import Screen
from kamcomp.visibility import viewer_for
from payouts.selectors.support import supported_accounts


class SupportList(Screen, TemplateView):
    """The accounts on whose teams the reader is or was."""

    title = _("Whom I support")
    template_name = "payouts/support_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the accounts, those of today first."""
        viewer = viewer_for(self.request)
        rows = supported_accounts(viewer=viewer)
        return super().get_context_data(
            now=[row for row in rows if row.on(viewer.on)],
            before=[row for row in rows if not row.on(viewer.on)],
            **kwargs,
        )
