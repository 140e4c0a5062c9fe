"""
The subcommands of `manage.py payouts`, one file each.

A module `account_review.py` is the subcommand `account-review`. It has a docstring whose first
line is the help, `arguments(parser)` which adds its options, and
`perform(*, options, say) -> int | None` which does the act by one service call and says what came of it
on a rich console; what it returns is the exit code.
"""
