"""Configuration in YAML, checked by pydantic: a mistake names file, key and value."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import ConfigError

Checked = TypeVar("Checked")


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key that stands twice, where plain YAML would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key {key.value!r} stands twice")
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def read_checked(path: Path, model: TypeAdapter[Checked], hint: str) -> Checked:
    """Parse and check a YAML file; `hint` says what to give where it cannot be read.

    Raises:
        ConfigError: no such file, not YAML, or a key with a wrong value; says which.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", hint) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    try:
        return model.validate_python(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(path, error))) from error


def _sentences(path: Path, error: ValidationError) -> list[str]:
    """One line per mistake: file, key, value, what is wrong."""
    lines = []
    for fault in error.errors():
        key = ".".join(str(step) for step in fault["loc"]) or "(whole file)"
        value = "" if fault["type"] == "missing" else f" (value: {fault['input']!r})"
        lines.append(f"{path}: {key}: {fault['msg']}{value}"[:500])
    return lines
