"""Small signs in a drawing: one for each kind of node, one for each standing.  SVG paths on a field of 16 by 16."""

from collections.abc import Mapping
from typing import Final

from workflow_engine.drawing.picture import NodeKind
from workflow_engine.drawing.state import Standing

KINDS: Final[Mapping[NodeKind, str]] = {
    NodeKind.HUMAN: "M8 7.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 14.5c0-3.2 2.6-5 6-5s6 1.8 6 5",
    NodeKind.AGENTIC: "M7 1.5 8.6 6.4 13.5 8 8.6 9.6 7 14.5 5.4 9.6 .5 8 5.4 6.400ZM13.5 1v4M11.5 3h4",
    NodeKind.FUNCTIONAL: "M5 2.500H3.500v4L1.5 8l2 1.500v4H5M11 2.500h1.500v4l2 1.5-2 1.500v4H11",
    NodeKind.PROGRAM: "M1 2.500h14v11H1ZM4 6l2.5 2L4 10M8.5 10.500H12",
    NodeKind.GATE: "M1.5 3H5v10H1.500M5 8h4M9 3.500v9M14.5 8H9M12.5 5.5 15 8l-2.5 2.5",
    NodeKind.TIMER: "M8 1.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.500V8l2.5 2",
    NodeKind.WORKFLOW: "M1.5 1.500h5v4h-5ZM9.5 6h5v4h-5ZM1.5 10.500h5v4h-5ZM6.5 3.500H8v9H6.500M8 8h1.5",
    NodeKind.TRANSFORM: "M1.5 3h13L9.5 8.500v5l-3-1.500V8.500Z",
    NodeKind.CUSTOM: "M6 1.500V5M10 1.500V5M3.5 5h9v2.500a4.5 4.5 0 0 1-9 0ZM8 12v3",
    NodeKind.OPEN: "M8 3.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z",
}

STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.PENDING: "",
    Standing.IN_PROGRESS: "M5 3l7.5 5L5 13Z",
    Standing.WAITING_HUMAN: "M5.5 3.500v9M10.5 3.500v9",
    Standing.WAITING_AGENT: "M5.5 3.500v9M10.5 3.500v9",
    Standing.WAITING_IO: "M5.5 3.500v9M10.5 3.500v9",
    Standing.COMPLETED: "M2.5 8.5 6.5 12.5 13.5 4",
    Standing.FAILED: "M3.5 3.500l9 9M12.5 3.500l-9 9",
    Standing.CANCELLED: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM4 12l8-8",
    Standing.SKIPPED: "M3 3.5 8 8l-5 4.500M8.5 3.500l5 4.5-5 4.5",
}
