"""Reduces the summaries of files to one report, the artifact ``report.md``."""

from pathlib import Path
from typing import Any

from workflow_engine.workflows.programs.given import give, task


def reduced(files: list[str], summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return sums over the *summaries*, and which of *files* have none: theirs holds an ``error`` instead."""
    good = [summary for summary in summaries if "error" not in summary]
    pairs = zip(files, summaries, strict=True)
    return {
        "files": len(good),
        "lines": sum(summary["lines"] for summary in good),
        "words": sum(summary["words"] for summary in good),
        "unreadable": [Path(file).name for file, summary in pairs if "error" in summary],
    }


def page(total: dict[str, Any], summaries: list[dict[str, Any]]) -> str:
    """Return the report as Markdown."""
    rows = [f"| {one['file']} | {one['lines']:,} | {one['words']:,} |" for one in summaries if "error" not in one]
    unreadable = [f"- {name} could not be read" for name in total["unreadable"]]
    head = [f"# {total['words']:,} words in {total['files']:,} files", "", "| file | lines | words |", "|---|--:|--:|"]
    return "\n".join([*head, *rows, "", *unreadable]).rstrip() + "\n"


def main() -> None:
    """Do what the module says."""
    given = task()["input"]
    total = reduced(given["files"], given["summaries"])
    Path("outputs/report.md").write_text(page(total, given["summaries"]), encoding="utf-8")
    give(total)


if __name__ == "__main__":
    main()
