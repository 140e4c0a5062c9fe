"""Django's commands. Without the project's environment, `make manage ARGS=...` finds it and calls this."""

import os
import sys


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            'Django is not installed in this Python; use `make manage ARGS="..."`, which sets everything up.'
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
