"""
The tone of a status: what is done, what is under way, what waits for somebody, what went wrong.

The words themselves are those of the `TextChoices`; the tone only helps the eye and never says more than the word.
"""

DONE = {
    "approved",
    "locked",
    "done",
    "paid",
    "confirmed",
    "posted",
    "final",
    "settled",
    "active",
    "published",
    "committed",
    "upheld",
    "partly_upheld",
    "answered",
    "closed",
    "signed",
}
UNDER_WAY = {
    "queued",
    "calculating",
    "calculated",
    "running",
    "reviewed",
    "allocating",
    "submitted",
    "exported",
    "in_review",
    "opened",
}
WAITS = {
    "returned",
    "with_errors",
    "held",
    "disputed",
    "objected",
    "proposed",
    "requested",
    "to_look_at",
    "funded",
    "collecting",
    "previewed",
}
WRONG = {"failed", "rejected", "refused", "blocks"}


def tone(status: str) -> str:
    """Return the class of a chip: done, way, waits, wrong, or none."""
    for name, statuses in (("done", DONE), ("way", UNDER_WAY), ("waits", WAITS), ("wrong", WRONG)):
        if status in statuses:
            return name
    return ""
