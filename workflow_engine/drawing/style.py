"""The style sheet of a drawing.  Every colour is a custom property; a page that has tokens of its own gives them."""

from typing import Final

ROOT: Final = "workflow-drawing"
"""The class of the drawing's root; no rule reaches beyond it, so a page can hold the drawing."""

_LIGHT: Final = {
    "ground": "#f6f7f8",
    "surface": "#ffffff",
    "line-strong": "#b4bcc6",
    "ink": "#16191d",
    "ink-2": "#4c5661",
    "ink-3": "#66717d",
    "in_progress": "#1c6fd6",
    "waiting_human": "#a35a00",
    "waiting_agent": "#7440c8",
    "waiting_io": "#0b7285",
    "completed": "#237a3b",
    "failed": "#c0262d",
    "cancelled": "#66717d",
}
_DARK: Final = {
    "ground": "#111418",
    "surface": "#181c21",
    "line-strong": "#56616d",
    "ink": "#eceff3",
    "ink-2": "#b3bcc7",
    "ink-3": "#939eab",
    "in_progress": "#6db1ff",
    "waiting_human": "#f0b45a",
    "waiting_agent": "#b997ff",
    "waiting_io": "#5fd0e0",
    "completed": "#6fd38a",
    "failed": "#ff8087",
    "cancelled": "#939eab",
}


def _properties(colours: dict[str, str]) -> str:
    tokens = {"ground": "surface"}  # within a page the drawing lies on one of the page's surfaces
    return " ".join(f"--drawing-{name}: var(--{tokens.get(name, name)}, {colour});" for name, colour in colours.items())


def _standings() -> str:
    names = ("in_progress", "waiting_human", "waiting_agent", "waiting_io", "completed", "failed", "cancelled")
    return "\n".join(f".{ROOT} .{name} {{ --standing: var(--drawing-{name}); }}" for name in names)


STYLE: Final = f"""
.{ROOT} {{ {_properties(_LIGHT)} }}
@media (prefers-color-scheme: dark) {{ .{ROOT} {{ {_properties(_DARK)} }} }}
.{ROOT} text {{ font: 400 11.5px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif; \
fill: var(--drawing-ink-3); }}
.{ROOT} path, .{ROOT} use {{ fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; \
stroke-linejoin: round; }}
.{ROOT} .edge {{ color: var(--drawing-line-strong); }}
.{ROOT} .edge.taken {{ color: var(--drawing-ink-2); }}
.{ROOT} .edge.feedback {{ color: var(--drawing-waiting_human); }}
.{ROOT} .edge.feedback path {{ stroke-dasharray: 4 4; stroke-linecap: butt; }}
.{ROOT} .edge text {{ fill: var(--drawing-ink-2); stroke: var(--drawing-ground); stroke-width: 4px; \
stroke-linejoin: round; paint-order: stroke; }}
.{ROOT} .edge.feedback text {{ fill: var(--drawing-waiting_human); }}
.{ROOT} .head {{ fill: currentColor; stroke: none; }}
.{ROOT} .node {{ --standing: var(--drawing-line-strong); color: var(--drawing-ink-2); }}
.{ROOT} .node .body {{ fill: var(--drawing-surface); stroke: var(--standing); stroke-width: 1.25; }}
.{ROOT} .node .label {{ font-size: 13px; font-weight: 550; fill: var(--drawing-ink); }}
.{ROOT} .mark {{ color: var(--standing); stroke-width: 2; }}
{_standings()}
.{ROOT} .node:is(.in_progress, .waiting_human, .waiting_agent, .waiting_io, .completed, .failed, .cancelled) .body {{ \
fill: color-mix(in srgb, var(--standing) 9%, var(--drawing-surface)); stroke-width: 1.75; }}
.{ROOT} .node:is(.skipped, .cancelled) .body {{ stroke-dasharray: 5 4; }}
.{ROOT} .node:is(.skipped, .cancelled) .label {{ fill: var(--drawing-ink-3); }}
.{ROOT} a {{ outline-offset: 3px; }}
.{ROOT} a:is(:hover, :focus-visible) .node .body {{ stroke-width: 2.5; }}
.{ROOT} .start {{ fill: var(--drawing-ink-2); }}
.{ROOT} .end circle {{ fill: none; stroke: var(--drawing-ink-2); stroke-width: 1.5; }}
.{ROOT} .end circle + circle {{ fill: var(--drawing-ink-2); stroke: none; }}
"""

STANDALONE: Final = f"""{STYLE}.{ROOT} {{ background: var(--drawing-ground); }}
"""
"""The same for a drawing that is a file of its own, whose ground no page gives."""
