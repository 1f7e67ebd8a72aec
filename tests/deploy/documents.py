"""Reading what lies in deploy/: YAML, the Dockerfile, and command lines against our own parser."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml
from jsonschema import Draft202012Validator

from jobs.cli import app

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
SCHEMAS = Path(__file__).parent / "schemas"
Yaml = dict[str, Any]


def documents(path: Path) -> list[Yaml]:
    """All documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def faults(document: Yaml, schema: Yaml) -> list[str]:
    """What a schema finds wrong."""
    Draft202012Validator.check_schema(schema)
    found = Draft202012Validator(schema).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def load_schema(name: str) -> Yaml:
    """A vendored schema."""
    loaded: Yaml = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def core_schema(kind: str) -> Yaml:
    """The schema of a Kubernetes kind."""
    definitions = load_schema("kubernetes")["$defs"]
    (name,) = (key for key in definitions if key.rpartition(".")[2] == kind)
    return {"$ref": f"#/$defs/{name}", "$defs": definitions}


def custom_schema(name: str) -> Yaml:
    """The schema of a custom resource, as strict as `kubectl apply` is: no unknown field."""
    schema: Yaml = _strict(load_schema(name))
    schema["properties"] |= {name: {} for name in ("apiVersion", "kind", "metadata")}
    return schema


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    open_ended = "additionalProperties" in made or "x-kubernetes-preserve-unknown-fields" in made
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not open_ended:
        made["additionalProperties"] = False
    return made


def parse_command(words: Sequence[str]) -> str:
    """Have our own command line parse `actas ...` and run nothing; returns the command's name.

    Raises:
        click.UsageError: an option or command that does not exist.
    """
    rest = list(words)
    assert rest.pop(0) == "actas", words
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands, f"no command {name}"
        command = command.commands[name]
    command.make_context(name, rest)
    return str(command.name)


def parse_script(script: str) -> str:
    """The same for a line of shell that begins with such a command."""
    return parse_command(shlex.split(script.partition("||")[0]))


@dataclass(frozen=True)
class Stage:
    """A stage of a Dockerfile with everything it inherits, in order."""

    name: str
    base: str
    lines: tuple[tuple[str, str], ...]

    def last(self, instruction: str) -> str:
        """What an instruction said last."""
        return [rest for word, rest in self.lines if word == instruction][-1]

    def words(self, instruction: str) -> list[str]:
        """The same, where it is a list of words."""
        found: list[str] = json.loads(self.last(instruction))
        return found


def read_dockerfile(path: Path) -> dict[str, Stage]:
    """The stages by name."""
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    current = ""
    for word, rest in _instructions(path):
        if word == "ARG" and not current:
            name, _, value = rest.partition("=")
            arguments["${" + name + "}"] = value
        elif word == "FROM":
            origin, _, current = rest.partition(" AS ")
            parent = stages.get(origin)
            base = parent.base if parent else arguments.get(origin, origin)
            stages[current] = Stage(current, base, parent.lines if parent else ())
        else:
            stage = stages[current]
            stages[current] = Stage(current, stage.base, (*stage.lines, (word, rest)))
    return stages


def _instructions(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), " ".join(rest.split()) if word != "CMD" else rest.strip()
