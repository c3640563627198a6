"""Whether what tools say is what their output schemas promise."""
import functools
import glob
import json
import os
import subprocess

import jsonschema

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(SOURCE, "build")))


def closed(schema):
    """The same, where members that it does not name are refused: clients may get more, tests may not."""
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema:
        schema["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        schema.setdefault("additionalProperties", False)
    return schema


@functools.cache
def validators():
    jobs = [path for path in glob.glob(f"{BUILD}/constable-job*") if os.access(path, os.X_OK) and os.path.isfile(path)]
    printed = subprocess.run([f"{SOURCE}/scripts/print-catalogue", "--schemas", *jobs], capture_output=True, check=True)
    return {tool: jsonschema.Draft202012Validator(closed(schema))
            for tool, schema in json.loads(printed.stdout).items()}


def lies(tool, result):
    """What of a tool's result its schema does not promise, as lines."""
    for error in validators()[tool].iter_errors(result):
        yield f"{tool}: {error.json_path}: {error.message[:200]}"
