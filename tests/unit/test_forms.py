"""Forms: what an answer is held against."""

import msgspec
import pytest

from workflow_engine.forms import misfits


def raw(value: object) -> msgspec.Raw:
    """Return a value as JSON."""
    return msgspec.Raw(msgspec.json.encode(value))


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/schema.json", "file:///etc/hostname", "#/$defs/missing"])
def test_nothing_is_fetched_that_a_schema_refers_to(reference: str) -> None:
    [(place, fact)] = misfits(raw({"$ref": reference}), raw(1))
    assert place == ""
    assert fact.startswith("the schema refers to ")
    assert fact.endswith("which is not within it; write that into its $defs")


def test_what_a_schema_defines_itself_is_found() -> None:
    schema = raw({"$ref": "#/$defs/count", "$defs": {"count": {"type": "integer"}}})
    assert misfits(schema, raw(1)) == []
    assert misfits(schema, raw("1")) == [("", "'1' is not of type 'integer'")]
