"""`python -m wfctl`."""

import sys

from wfctl.app import main

if __name__ == "__main__":
    sys.exit(main())
