"""Checks answers of the command line: FILE.json is what the verb `FILE`, up to a dot, answered."""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

schema = json.loads(Path(sys.argv[1]).read_text())
Draft202012Validator.check_schema(schema)
answers = sorted(Path(sys.argv[2]).glob("*.json"))
for answer in answers:
    verb = answer.name.split(".")[0]
    assert verb in schema["$defs"], f"the schema does not tell what `{verb}` answers"
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{verb}"})
    for error in validator.iter_errors(json.loads(answer.read_text())):
        sys.exit(f"{answer.name}: {error.json_path}: {error.message}")
    # A schema that admits everything would prove nothing.
    for wrong in ({}, [{}], None, {"error": "no"}):
        assert not validator.is_valid(wrong), f"`{verb}` may answer {wrong}"
print(len(answers))
