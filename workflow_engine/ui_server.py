"""``python -m workflow_engine.ui_server``: the dashboard with an engine, as ``workflow-engine serve`` starts it."""

import sys

from workflow_engine.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
