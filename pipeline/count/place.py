"""Where results lie: a local folder or a prefix of an object store, for every reader and writer.

Guarantee, in both: what is written is seen whole or not at all.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ConfigError
from pipeline.read import remote
from pipeline.read.uris import is_remote


@dataclass(frozen=True)
class Place:
    """A folder for results. Plain data: it travels to the workers."""

    root: str

    @classmethod
    def of(cls, where: str | Path | Place) -> Place:
        """The place that a user names.

        Raises:
            ConfigError: a URL of a store that has no conditional writes.
        """
        if isinstance(where, Place):
            return where
        # The command line's paths have lost a slash of s3://.
        text = re.sub(r"^([a-z0-9]+):/(?=[^/])", r"\1://", str(where))
        if not is_remote(text):
            return cls(text)
        if not remote.is_object_store(text):
            raise ConfigError(
                f"{text}: results cannot be kept there.",
                "Give a folder, or a URL that begins with s3://, gs:// or az://.",
            )
        return cls(text.rstrip("/"))

    @property
    def is_remote(self) -> bool:
        """Whether it is in an object store."""
        return is_remote(self.root)

    @property
    def path(self) -> Path:
        """The local folder; only where it is one."""
        assert not self.is_remote, self.root  # noqa: S101  a bug, never an input
        return Path(self.root)

    def absolute(self) -> Place:
        """The same place for a process that works in another folder."""
        return self if self.is_remote else Place(str(self.path.resolve()))

    def __str__(self) -> str:
        return self.root

    def sub(self, name: str) -> Place:
        """A folder within."""
        return Place(f"{self.root}/{name}" if self.is_remote else str(self.path / name))

    def make(self) -> None:
        """See to it that files can be written here."""
        if not self.is_remote:
            self.path.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            FileNotFoundError: it is not there.
            OSError: it cannot be read.
        """
        if self.is_remote:
            return remote.read(f"{self.root}/{name}", MOST_BYTES)
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Replace a file as a whole; several writers of the same content do no harm.

        Raises:
            OSError: the disk is full or read-only.
        """
        if self.is_remote:
            remote.write(f"{self.root}/{name}", content)
        else:
            write_bytes(self.path / name, content, mark=f".{uuid.uuid4().hex[:8]}")

    def create(self, name: str, content: bytes) -> None:
        """Write a file of a store that must not be there yet; of several at once one succeeds.

        Raises:
            FileExistsError: it is there, perhaps because an earlier attempt did succeed.
        """
        remote.write(f"{self.root}/{name}", content, only_new=True)

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        if self.is_remote:
            return next(remote.find(f"{self.root}/{name}"), None) is not None
        return (self.path / name).is_file()

    def names(self) -> list[str]:
        """The names of all files within, those in folders with their path; sorted."""
        if self.is_remote:
            found = (item[0] for item in remote.find(self.root))
            return sorted(url.removeprefix(f"{self.root}/") for url in found)
        files = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.path).as_posix() for path in files)

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is no error."""
        if self.is_remote:
            remote.delete(f"{self.root}/{name}")
        else:
            (self.path / name).unlink(missing_ok=True)


MOST_BYTES = 1 << 34


def write_bytes(path: Path, content: bytes, mark: str = "") -> None:
    """Replace a file as a whole: whoever reads sees the old one or the new one.

    `mark` keeps several writers of one file apart.
    """
    with replaced(path, mark) as stream:
        stream.write(content)


@contextmanager
def replaced(path: Path, mark: str = "") -> Iterator[BinaryIO]:
    """A stream to write a file to, which takes its place when all is written."""
    temporary = path.with_name(f".{path.name}{mark}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # it is gone already if all went well
