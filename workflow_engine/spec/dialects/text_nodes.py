"""Text nodes: templates and conditions of a step file as nodes of the native form; what is unclear is a problem."""

from workflow_engine.spec.dialects.fields import Remarks
from workflow_engine.spec.dialects.names import Reader, Unclear
from workflow_engine.spec.dialects.texts import condition, predicate, template
from workflow_engine.spec.files.nodes import Node, ScalarNode, made


def rewritten(node: Node, reader: Reader, remarks: Remarks) -> Node:
    """Return a text with templates in it as the native form has it."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return node
    try:
        text = template(node.value, reader)
    except Unclear as unclear:
        remarks.problem(node, str(unclear))
        return node
    return node if text == node.value else made(text, node)


def expression(node: ScalarNode, reader: Reader, remarks: Remarks, items: bool = False) -> Node:
    """Return a condition as the native form has it; with *items*, one over the items of a list, which is checked."""
    if not isinstance(node.value, str):
        return made(node.text, node)
    try:
        text = predicate(node.value, reader) if items else condition(node.value, reader)
    except Unclear as unclear:
        remarks.problem(node, str(unclear))
        return node
    if items:
        from workflow_engine.spec.templates import check_expression  # templates are heavy

        fault = check_expression(text)
        if fault is not None:
            remarks.problem(node, f"the condition of a filter: {fault.fact}")
    return node if text == node.value else made(text, node)
