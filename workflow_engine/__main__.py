"""``python -m workflow_engine``: the `workflow-engine` command."""

import sys

from workflow_engine.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
