"""Draws what an ingestion endpoint received of one trace, as a tree of lines.

Nothing in it depends on speed: what began first stands first, and durations are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.support.ingestion import Item

SPAN: Final = "RemoteDependencyData"
EVENT: Final = "EventData"
LINE: Final = "MessageData"
NUMBER: Final = "MetricData"

_OPERATION: Final = "ai.operation.id"
_PARENT: Final = "ai.operation.parentId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One item of a trace; ``span_id`` is empty for what has no children."""

    trace_id: str
    span_id: str
    parent_id: str
    begin: str
    sequence: int
    text: str


def nodes_of(items: Sequence[Item]) -> list[Node]:
    """Return spans, events and log lines, each as it is drawn."""
    return [_node(item) for item in items if item["data"]["baseType"] in {SPAN, EVENT, LINE}]


def drawn(nodes: Sequence[Node]) -> str:
    """Draw one trace from its root; fail when it has none, or two, or loose ends."""
    known = {node.span_id for node in nodes if node.span_id}
    roots = [node for node in nodes if node.parent_id not in known]
    assert len(roots) == 1, [node.text for node in roots]
    children: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        children[node.parent_id].append(node)
    return "\n".join([roots[0].text, *_below(roots[0], children, "")])


def repeated(nodes: Sequence[Node]) -> list[str]:
    """Return what is there more than once: spans by their id, everything else by what it says."""
    counts = Counter((node.span_id or node.text, node.parent_id) for node in nodes)
    return [what for (what, _), count in counts.items() if count > 1]


def _below(node: Node, children: dict[str, list[Node]], indent: str) -> Iterator[str]:
    if not node.span_id:
        return
    mine = sorted(children[node.span_id], key=lambda each: (each.begin, each.sequence))
    for number, child in enumerate(mine, 1):
        is_last = number == len(mine)
        yield f"{indent}{'└─' if is_last else '├─'} {child.text}"
        yield from _below(child, children, indent + ("   " if is_last else "│  "))


def _node(item: Item) -> Node:
    data, tags = item["data"]["baseData"], item["tags"]
    properties: dict[str, str] = data.get("properties") or {}
    return Node(
        trace_id=tags.get(_OPERATION, ""),
        span_id=data.get("id", ""),
        parent_id=tags.get(_PARENT, ""),
        begin=item["time"].rstrip("Z").ljust(26, "0"),
        sequence=int(properties.get("sequence", 0)),
        text=_text(item["data"]["baseType"], data, properties),
    )


def _text(kind: str, data: Item, properties: dict[str, str]) -> str:
    match kind:
        case "EventData":
            return f"• {data['name']}: {properties['status']}"
        case "MessageData":
            return f"· {data['message']}"
        case _:
            more = [f"attempt {properties['attempt']}"] if "attempt" in properties else []
            more += [properties[name] for name in ("outcome", "error") if name in properties]
            failed = "" if data["success"] else " ✗"
            return f"{data['name']}{failed} ({', '.join(more)})"
