"""Random schemas and values that satisfy them, made from a seed."""

from collections.abc import Callable
from random import Random
from typing import Final

from workflow_engine.ui.forms.json_values import Json, Schema

_LETTERS: Final = "abcXYZ 09_-/~.*@#\"'<>&{}äß中🙂"
_WORDS: Final = (
    "name",
    "Street",
    "next_classification",
    "a/b",
    "t~x",
    "~as",
    "x y",
    "__proto__",
    "",
    "*",
    "0",
    "~rows",
)


class Maker:
    """Makes schemas and values.

    Args:
        seed: decides all of it.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._defs: dict[str, Json] = {}

    def whole(self) -> Schema:
        """Return a schema with what its references point to."""
        made = self.schema()
        return {**made, "$defs": self._defs} if self._defs else made

    def schema(self, depth: int = 3) -> Schema:
        """Return a schema; *depth* groups and lists inside of each other at most."""
        leaf = ["text", "long", "number", "integer", "boolean", "enum", "titled", "format", "const", "any", "file"]
        inner = ["group", "list", "map", "union", "several", "nullable", "merged", "ref"] if depth else []
        make: Callable[[int], Schema] = getattr(self, f"_{self._random.choice(leaf + inner * 2)}")
        made = make(depth)
        if self._random.random() < 0.3:
            made["title"] = self.text()
        if self._random.random() < 0.2:
            made["description"] = self.text()
        return made

    def text(self) -> str:
        """Return a text that is not blank."""
        return "".join(self._random.choice(_LETTERS) for _ in range(self._random.randint(1, 12))).strip() or "x"

    def name(self) -> str:
        """Return a name of a property."""
        return self._random.choice(_WORDS) if self._random.random() < 0.5 else self.text()

    def value(self, schema: Schema) -> Json:
        """Return a value that satisfies a schema of `schema`."""
        if "allOf" in schema:
            first, second = (_members(self.value(_members(part))) for part in _items(schema["allOf"]))
            return first | second
        if "$ref" in schema:
            return self.value(_members(self._defs[str(schema["$ref"])[len("#/$defs/") :]]))
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.value(_members(self._random.choice(_items(schema[word]))))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(_items(schema["enum"]))
        return self._typed(schema)

    def _typed(self, schema: Schema) -> Json:
        types = schema.get("type")
        match self._random.choice(types) if isinstance(types, list) else types:
            case "string":
                return self._string(schema)
            case "number":
                return self._random.choice([0, -3, 1.5, 1e-7, 12345678.25, 1e21, -0.1])
            case "integer":
                return self._random.choice([0, -1, 7, 2**53 + 1, 2**63 - 1])
            case "boolean":
                return self._random.random() < 0.5
            case "null":
                return None
            case "array":
                items = _members(schema["items"])
                return [self.value(items) for _ in range(self._random.randint(0, 3))]
            case "object":
                return self._object(schema)
            case _:
                return self._anything(2)

    def _string(self, schema: Schema) -> str:
        if "format" in schema:
            return _FORMATS[str(schema["format"])]
        if "contentEncoding" in schema:
            return "aGVsbG8="
        many = self._random.choice(["", "\n", "\n\nx", "  ", "line\nline\n"]) if self._random.random() < 0.3 else ""
        return many + self.text() if self._random.random() < 0.8 else many

    def _object(self, schema: Schema) -> Json:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        assert isinstance(properties, dict)
        assert isinstance(required, list)
        made: dict[str, Json] = {
            name: self.value(_members(part))
            for name, part in properties.items()
            if name in required or self._random.random() < 0.6
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            made |= {name: self.value(more) for name in {self.name() for _ in range(2)} - properties.keys()}
        return made

    def _anything(self, depth: int) -> Json:
        kinds: list[Json] = [None, True, 0, 1.25, "", "plain", '"quoted"', "12", "null", "{not json", " blank "]
        if depth and self._random.random() < 0.4:
            return [self._anything(depth - 1) for _ in range(2)]
        if depth and self._random.random() < 0.4:
            return {self.name(): self._anything(depth - 1)}
        return self._random.choice(kinds)

    def _text(self, depth: int) -> Schema:
        return {"type": "string"}

    def _long(self, depth: int) -> Schema:
        return {"type": "string", "maxLength": 2000}

    def _number(self, depth: int) -> Schema:
        return {"type": "number"}

    def _integer(self, depth: int) -> Schema:
        return {"type": "integer"}

    def _boolean(self, depth: int) -> Schema:
        return {"type": "boolean"}

    def _format(self, depth: int) -> Schema:
        return {"type": "string", "format": self._random.choice(list(_FORMATS))}

    def _any(self, depth: int) -> Schema:
        return {}

    def _file(self, depth: int) -> Schema:
        return {"type": "string", "contentEncoding": "base64"}

    def _const(self, depth: int) -> Schema:
        return {"const": self._random.choice(["a", 1, True, "x y"])}

    def _enum(self, depth: int) -> Schema:
        values: list[Json] = [self.text() for _ in range(self._random.randint(2, 8))]
        odd: list[Json] = [1, "1", True, "true", None, 1.5, [1], {"a": 1}, "#0", ""]
        values += self._random.sample(odd, k=2)
        return {"enum": list({repr(value): value for value in values}.values())}

    def _titled(self, depth: int) -> Schema:
        return {"oneOf": [{"const": n, "title": self.text()} for n in range(self._random.randint(2, 6))]}

    def _several(self, depth: int) -> Schema:
        return {"type": "array", "items": {"enum": [self.text() + str(n) for n in range(4)]}}

    def _list(self, depth: int) -> Schema:
        return {"type": "array", "items": self.schema(depth - 1)}

    def _map(self, depth: int) -> Schema:
        return {"type": "object", "additionalProperties": self.schema(depth - 1)}

    def _group(self, depth: int) -> Schema:
        names = {self.name() for _ in range(self._random.randint(1, 4))}
        properties: Schema = {name: self.schema(depth - 1) for name in sorted(names)}
        made: Schema = {"type": "object", "properties": properties}
        made["required"] = [name for name in properties if self._random.random() < 0.5]
        if self._random.random() < 0.3:
            made["additionalProperties"] = self.schema(depth - 1)
        return made

    def _union(self, depth: int) -> Schema:
        return {"anyOf": [self.schema(depth - 1) for _ in range(self._random.randint(2, 3))]}

    def _nullable(self, depth: int) -> Schema:
        if self._random.random() < 0.5:
            return {"type": [self._random.choice(["string", "integer", "boolean"]), "null"]}
        return {"anyOf": [self.schema(depth - 1), {"type": "null"}]}

    def _merged(self, depth: int) -> Schema:
        return {"allOf": [self._group(0 if depth < 1 else depth), self._group(1)]}

    def _ref(self, depth: int) -> Schema:
        name = f"it{len(self._defs)}"
        self._defs[name] = True
        self._defs[name] = self.schema(depth - 1)
        return {"$ref": f"#/$defs/{name}"}


def _members(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _items(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


_FORMATS: Final = {
    "date": "2026-02-28",
    "time": "14:30:00",
    "date-time": "2026-02-28T14:30:05+01:00",
    "email": "name@example.com",
    "uri": "https://example.com/a?b=c",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
}
