"""
The one entry: `python3 -m kamcomp.embedded COMMAND`, or the same by path.

It runs on the system's Python with nothing installed, so it names only the standard library.
"""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Hand the command line to the bootstrap, whichever way this file was started."""
    own_folder = str(Path(__file__).resolve().parent)
    sys.path[:] = [str(PROJECT), *(entry for entry in sys.path if entry not in (own_folder, str(PROJECT)))]
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"kamcomp needs Python 3.11 or later; {sys.executable} is {found}.", file=sys.stderr)
        return 2
    if os.name == "nt":
        print("kamcomp's embedded services need Linux or macOS: use Docker or WSL here.", file=sys.stderr)
        return 2
    from kamcomp.embedded.bootstrap import main as bootstrap_main

    return bootstrap_main(arguments=sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
