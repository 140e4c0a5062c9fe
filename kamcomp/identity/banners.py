"""What stands above every page: that this is the demo company, and that somebody looks as somebody else."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kamcomp.identity.viewing import is_looking
from kamcomp.starting_over import offered


def banners(request: HttpRequest) -> dict[str, Any]:
    """Return what the banners of a page say."""
    looked = request.user if hasattr(request, "user") and is_looking(request) else None
    return {"demo_mode": settings.DEMO_MODE, "looked_as": looked, "can_start_over": offered() is not None}
