#!/usr/bin/env python
"""Django's own door to the program; people use the `trustdesk` command."""

import sys

from trustdesk.cli import main

if __name__ == "__main__":
    sys.exit(main())
