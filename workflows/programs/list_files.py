"""Lists the files of a folder: their full paths, sorted."""

from pathlib import Path

from workflow_engine.workflows.programs.given import give, refuse, task


def main() -> None:
    """Do what the module says."""
    data = task()["data"]
    folder = Path(data["folder"])
    if not folder.is_dir():
        refuse(f"{folder} is no folder")
    give(sorted(str(path) for path in folder.glob(data["pattern"]) if path.is_file()))


if __name__ == "__main__":
    main()
