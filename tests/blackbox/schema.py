"""JSON Schema 2020-12, as much of it as docs/openapi.json uses.

    schema.check(value, {"type": "string"}, root)     raises Wrong

A keyword that is unknown here is an error of the schema: nothing is
taken for checked that is not.
"""

import re

ANNOTATIONS = {"description", "default", "example"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
}


class Wrong(AssertionError):
    """A value that its schema does not allow, and where."""


def resolve(node, root):
    """What a {"$ref": "#/..."} stands for; anything else is itself."""
    while isinstance(node, dict) and "$ref" in node:
        pointer = node["$ref"]
        assert pointer.startswith("#/"), pointer
        node = root
        for name in pointer[2:].split("/"):
            node = node[name.replace("~1", "/").replace("~0", "~")]
    return node


def same(a, b):
    """Equal as JSON: 1 is not true."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def is_valid(value, schema, root):
    try:
        check(value, schema, root)
    except Wrong:
        return False
    return True


# ---- the keywords: whether a value of the right type is as they say ----


def check_properties(value, properties, root, at):
    for name, schema in properties.items():
        if name in value:
            check(value[name], schema, root, f"{at}.{name}")
    return True


def check_names(value, schema, root, at):
    for name in value:
        check(name, schema, root, f"{at}: the name {name!r}")
    return True


def check_items(value, schema, root, at):
    for i, item in enumerate(value):
        check(item, schema, root, f"{at}[{i}]")
    return True


OF_OBJECTS = {
    "properties": check_properties,
    "propertyNames": check_names,
    "required": lambda v, names, *_: set(names) <= set(v),
    "minProperties": lambda v, n, *_: len(v) >= n,
    "maxProperties": lambda v, n, *_: len(v) <= n,
    "dependentRequired": lambda v, rules, *_: all(
        set(names) <= set(v) for name, names in rules.items() if name in v
    ),
}
OF_ARRAYS = {
    "items": check_items,
    "minItems": lambda v, n, *_: len(v) >= n,
    "maxItems": lambda v, n, *_: len(v) <= n,
}
OF_STRINGS = {
    "pattern": lambda v, p, *_: re.search(p, v) is not None,
    "minLength": lambda v, n, *_: len(v) >= n,
    "maxLength": lambda v, n, *_: len(v) <= n,
}
OF_NUMBERS = {
    "minimum": lambda v, n, *_: v >= n,
    "maximum": lambda v, n, *_: v <= n,
}
OF_ALL = {
    "type": lambda v, t, *_: any(
        TYPES[name](v) for name in ([t] if isinstance(t, str) else t)
    ),
    "enum": lambda v, values, *_: any(same(v, one) for one in values),
    "const": lambda v, one, *_: same(v, one),
    "oneOf": lambda v, schemas, root, at: sum(
        is_valid(v, s, root) for s in schemas
    )
    == 1,
}
KEYWORDS = [
    ("object", OF_OBJECTS),
    ("array", OF_ARRAYS),
    ("string", OF_STRINGS),
    ("number", OF_NUMBERS),
]


def check_additional(value, schema, root, at):
    rest = schema.get("additionalProperties", True)
    for name in set(value) - set(schema.get("properties", {})):
        if rest is False:
            raise Wrong(f"{at} has {name!r}, which is not in the schema")
        if rest is not True:
            check(value[name], rest, root, f"{at}.{name}")


def check_keyword(value, keyword, argument, root, at):
    if keyword in OF_ALL:
        rule = OF_ALL[keyword]
    else:
        kind, rules = next(
            (kind, rules) for kind, rules in KEYWORDS if keyword in rules
        )
        if not TYPES[kind](value):
            return
        rule = rules[keyword]
    if not rule(value, argument, root, at):
        raise Wrong(f"{at}: {value!r} is not as {keyword} {argument!r} says")


def check(value, schema, root, at="$"):
    """Raises Wrong unless the schema, a part of `root`, allows the value."""
    check_schema(schema)
    schema = resolve(schema, root)
    for keyword, argument in schema.items():
        if keyword not in ANNOTATIONS | {"additionalProperties"}:
            check_keyword(value, keyword, argument, root, at)
    if isinstance(value, dict):
        check_additional(value, schema, root, at)


# ---- schemas themselves ----


def check_schema(schema):
    """Raises unless all of its own keywords are known here."""
    known = set().union(ANNOTATIONS, OF_ALL, *(rules for _, rules in KEYWORDS))
    unknown = set(schema) - known - {"additionalProperties", "$ref"}
    assert not unknown, f"no such keyword: {unknown}"
    # Beside a $ref nothing else is looked at.
    assert "$ref" not in schema or len(schema) == 1, schema


def check_deep(schema):
    """The same for all schemas in it."""
    check_schema(schema)
    children = [schema[k] for k in ("items", "propertyNames") if k in schema]
    children += schema.get("oneOf", [])
    children += schema.get("properties", {}).values()
    if isinstance(schema.get("additionalProperties"), dict):
        children.append(schema["additionalProperties"])
    for child in children:
        check_deep(child)
