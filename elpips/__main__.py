"""``python -m elpips``: the command."""

import sys

from .scripts.cli import main

sys.exit(main())
