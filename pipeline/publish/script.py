"""Data for the site's pages as scripts, which a page that was opened from a disk may load.

A script hands its data to the site's own: `actas.unit("010203", {...});`. What stands in it is JSON
in ASCII with every `<` escaped, so that no text in it can end a script.
"""

from __future__ import annotations

import json
from typing import Any

from pipeline.publish.text import visible


def script(call: str, *values: object) -> bytes:
    """A script that calls `actas.CALL(values)`."""
    shown = (json.dumps(_seen(value), separators=(",", ":")) for value in values)
    return f"actas.{call}({','.join(shown)});\n".replace("<", "\\u003c").encode("ascii")


def _seen(value: Any) -> Any:
    """All text without characters that hide or turn the reading direction."""
    if isinstance(value, dict):
        return {str(visible(key)): _seen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_seen(item) for item in value]
    return visible(value)
