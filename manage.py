"""
Django's commands.

With the settings of your own servers in the environment this is Django's own command line. Without any it is
`make manage`: the same command in the project's environment, on the services that run here or on ones started for it.
"""

import os
import sys

OWN_SERVERS = {"DATABASE_URL", "SECRET_KEY"}


def main() -> int:
    """Run the command line."""
    if OWN_SERVERS.isdisjoint(os.environ):
        from kamcomp.embedded.__main__ import main as embedded

        sys.argv.insert(1, "manage")
        return embedded()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
