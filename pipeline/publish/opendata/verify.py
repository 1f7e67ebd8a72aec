#!/usr/bin/env python3
"""Checks a folder of open data of a count of tally sheets, and says in plain words what it found.

    python3 verify.py [FOLDER] [--scans FOLDER] [--root HEX]

FOLDER is the open data; without it, the folder that this script lies in. Needs Python 3.8 or later
and nothing else. Ends with code 0 if everything holds, else with 1.

It shares no code with the program that wrote the data. In the order of the checks: the files, their
hashes and the Merkle root; the election; mesas, scans and totals; JSON, Parquet, NIST and the
publisher's layout against the CSV files; the descriptions; and, if given, the scans themselves.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
import stat
import struct
import sys
import zlib
from collections import Counter, defaultdict
from itertools import zip_longest
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import unquote_to_bytes

Fail = Callable[[str], None]
Columns = List[Tuple[str, str]]
"""Name and kind of each column: 's' text, 'i' whole number, 'b' true or false."""
Cells = List[Any]
Scans = List[Tuple[int, Dict[str, Any]]]
"""Line and cells of each row of scans.csv."""

MANIFEST, ROOT = "manifest.csv", "merkle-root.txt"
SIGNATURES = (".asc", ".sig", ".minisig", ".ots", ".tsr", ".tsq", ".p7s")
"""Whoever signs may add merkle-root.txt.asc and the like; what they say is not checked here."""
SCAN_STATUSES = ("counted", "duplicate", "quarantined", "unreadable", "rejected", "failed")
MESA_STATUSES = ("counted", "quarantined", "missing")
NATION = "nation"
NUMBER = re.compile("0|[1-9][0-9]{0,17}")
SHA256 = re.compile("[0-9a-f]{64}")
NAMELESS = re.compile("([0-9]*)-/[1-9][0-9]*")
MOST_SHOWN = 20
"""Of one check; further faults are only counted."""
MOST_BYTES = 2**31
"""Of one file that is read whole, and of one unpacked page of a Parquet file."""


class BrokenError(Exception):
    """A file cannot be read as what it should be; the text says which, where, and why."""


# ------------------------------------------------------------------------------------------------
# Telling what was found.


class Report:
    """Prints each check as it ends, and remembers whether one failed."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self._write = write
        self.checks = 0
        self.failed = 0

    def run(self, what: str, check: Callable[..., Tuple[str, Any]], *inputs: Any) -> Any:
        """Run a check, which reports faults and gives back what holds and what it has read.

        Gives back what the check has read, or None if it could not go to its end. A check that
        lacks one of its inputs has not passed.
        """
        self.checks += 1
        faults: List[str] = []
        result = None
        if any(value is None for value in inputs):
            faults.append("could not be checked, because what it rests on could not be read")
        else:
            try:
                what_holds, result = check(*inputs, faults.append)
            except BrokenError as error:
                faults.append(str(error))
            except Exception as error:  # noqa: BLE001 - a broken file must not end the report
                faults.append(f"could not be checked: {type(error).__name__}: {error}")
        if not faults:
            self.say(f"ok      {what_holds}")
            return result
        self.failed += 1
        self.say(f"FAILED  {what}")
        for fault in faults[:MOST_SHOWN]:
            self.say(f"        - {fault}")
        if len(faults) > MOST_SHOWN:
            self.say(f"        - and {len(faults) - MOST_SHOWN} more")
        return result

    def say(self, line: str) -> None:
        """A line without any character that a terminal would obey."""
        self._write("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line) + "\n")


# ------------------------------------------------------------------------------------------------
# The files, their hashes, and the Merkle tree over them.


class Manifest(NamedTuple):
    """manifest.csv: every file and scan, and its lines as they are."""

    files: Dict[str, str]
    scans: List[Tuple[str, str]]
    lines: List[bytes]


def read_whole(folder: str, name: str) -> bytes:
    """A file's bytes; never those of a pipe, device or link."""
    path = os.path.join(folder, *name.split("/"))
    if not os.path.lexists(path):
        raise BrokenError(f"{name} is missing")
    state = os.lstat(path)
    if not stat.S_ISREG(state.st_mode):
        raise BrokenError(f"{name} is not an ordinary file")
    if state.st_size > MOST_BYTES:
        raise BrokenError(f"{name} is too large: {state.st_size} bytes")
    with open(path, "rb") as stream:
        return stream.read()


def read_text(folder: str, name: str) -> str:
    """A file's text, which is UTF-8."""
    try:
        return read_whole(folder, name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenError(f"{name} is not UTF-8 text: {error}") from error


def hash_file(path: str) -> str:
    """The sha256 of a file, read in pieces."""
    total = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            total.update(piece)
    return total.hexdigest()


def files_below(folder: str) -> List[str]:
    """Everything below a folder but folders, with '/' between names, sorted."""
    found = []
    for path, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        for name in names + links:
            found.append(os.path.relpath(os.path.join(path, name), folder).replace(os.sep, "/"))
    return sorted(found)


def read_manifest(folder: str, fail: Fail) -> Tuple[str, Manifest]:
    """manifest.csv, line by line."""
    lines = read_whole(folder, MANIFEST).split(b"\n")
    if lines.pop() != b"":
        raise BrokenError(f"{MANIFEST}: the last line is cut off")
    rows = [_manifest_row(number, line) for number, line in enumerate(lines, 1)]
    if not rows or rows[0] != ("kind", "sha256", "name"):
        raise BrokenError(f"{MANIFEST}, line 1: expected kind,sha256,name")
    files = [(name, digest) for kind, digest, name in rows[1:] if kind == "file"]
    scans = [(digest, name) for kind, digest, name in rows[1:] if kind == "scan"]
    for number, (kind, digest, _) in enumerate(rows[1:], 2):
        if kind not in ("file", "scan") or not SHA256.fullmatch(digest):
            fail(f"{MANIFEST}, line {number}: expected file or scan, and a sha256")
    names = [name.encode() for name, _ in files]
    kinds = [kind for kind, _, _ in rows[1:]]
    if names != sorted(set(names)) or kinds != sorted(kinds):
        fail(f"{MANIFEST}: the files are not in order, or one stands twice")
    if len(scans) != len(set(scans)):
        fail(f"{MANIFEST}: a scan stands twice")
    told = f"{MANIFEST} lists {len(files)} files and {len(scans)} scans, each with its sha256."
    return told, Manifest(dict(files), scans, lines)


def _manifest_row(number: int, line: bytes) -> Tuple[str, ...]:
    try:
        cells = next(csv.reader([line.decode("utf-8")], strict=True), [])
    except (ValueError, csv.Error) as error:
        raise BrokenError(f"{MANIFEST}, line {number}: {error}") from error
    if len(cells) != 3:
        raise BrokenError(f"{MANIFEST}, line {number}: {len(cells)} cells, expected 3")
    return tuple(cells)


def check_files(folder: str, manifest: Manifest, fail: Fail) -> Tuple[str, bool]:
    """Neither a file too few nor one too many, and each as it was."""
    own = {MANIFEST, ROOT}
    signatures = [f"{name}{ending}" for name in own for ending in SIGNATURES]
    there = files_below(folder)
    for name in there:
        if name not in manifest.files and name not in own and name not in signatures:
            fail(f"{name} is not listed in {MANIFEST}: it was added")
    for name, digest in manifest.files.items():
        path = os.path.join(folder, *name.split("/"))
        if name not in there:
            fail(f"{name} is listed in {MANIFEST}, but it is missing")
        elif not stat.S_ISREG(os.lstat(path).st_mode):
            fail(f"{name} is not an ordinary file")
        elif hash_file(path) != digest:
            fail(f"{name} was changed: its sha256 is not the one in {MANIFEST}")
    signed = sorted(set(there) & set(signatures))
    told = f"Each of the {len(manifest.files)} listed files is there, unchanged; there is no other"
    return told + (f" but {', '.join(signed)} (not checked)." if signed else "."), True


def merkle(leaves: Sequence[bytes]) -> bytes:
    """The root by RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\x01" + merkle(leaves[:cut]) + merkle(leaves[cut:])).digest()


def check_root(folder: str, manifest: Manifest, wanted: str, fail: Fail) -> Tuple[str, str]:
    """merkle-root.txt is the root over the manifest's lines, and the one that was asked for."""
    root = merkle(manifest.lines).hex()
    written = read_whole(folder, ROOT)
    if written != root.encode() + b"\n":
        fail(f"{ROOT} says {written[:80]!r}, the lines of {MANIFEST} give {root}")
    if wanted and wanted.strip().lower() != root:
        fail(f"--root is {wanted}, the lines of {MANIFEST} give {root}: these are other data")
    told = f"{ROOT} is the Merkle root over the {len(manifest.lines)} lines of {MANIFEST}"
    return told + (", and the one given with --root." if wanted else "."), root


# ------------------------------------------------------------------------------------------------
# Reading JSON, CSV and Parquet, strictly.


def parse_json(text: str, where: str) -> Any:
    """JSON without anything that two readers could take differently."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole_number,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise BrokenError(f"{where} is not the JSON expected: {error}") from error


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _whole_number(text: str) -> int:
    if len(text) > 18 or not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:30]} is no number that can stand here")
    return int(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:30]} is not a whole number")


def member(parent: Any, name: str, kind: type, where: str) -> Any:
    """A member of a JSON object, of one type."""
    if type(parent) is not dict or type(parent.get(name)) is not kind:
        raise BrokenError(f"{where}: {name} is missing or not as expected")
    return parent[name]


def read_csv(folder: str, name: str, columns: Columns) -> Iterator[Tuple[int, List[str]]]:
    """Line number and cells of each row; the header must be exactly these columns."""
    reader = csv.reader(io.StringIO(read_text(folder, name), newline=""), strict=True)
    try:
        header = next(reader, [])
        if header != [column for column, _ in columns]:
            raise BrokenError(f"{name}, line 1: the columns are not the expected ones")
        for cells in reader:
            if len(cells) != len(columns):
                raise BrokenError(
                    f"{name}, line {reader.line_num}: {len(cells)} cells, expected {len(columns)}"
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise BrokenError(f"{name}, line {reader.line_num}: {error}") from error


def typed(cells: Sequence[str], columns: Columns, where: str) -> Cells:
    """The values that CSV cells stand for: text, whole numbers, true and false, None if empty."""
    return [
        _value(cell, kind, name, where) if cell else None
        for cell, (name, kind) in zip(cells, columns)
    ]


def _value(cell: str, kind: str, name: str, where: str) -> Any:
    if kind == "s":
        return cell
    if kind == "i" and NUMBER.fullmatch(cell):
        return int(cell)
    if kind == "b" and cell in ("true", "false"):
        return cell == "true"
    raise BrokenError(f"{where}: {name} is {cell[:40]!r}, which is not {KINDS[kind]}")


KINDS = {"s": "text", "i": "a whole number", "b": "true or false"}


def read_json_rows(folder: str, name: str, columns: Columns) -> Iterator[Tuple[str, Cells]]:
    """The objects of a JSON list that stand one on each line."""
    names = [column for column, _ in columns]
    lines = io.StringIO(read_text(folder, name), newline="\n")
    first = lines.readline()
    if first == "[]\n" and not lines.read(1):
        return
    if first != "[\n":
        raise BrokenError(f"{name}, line 1: expected a list with an object on each line")
    more = True
    for number, line in enumerate(lines, 2):
        where = f"{name}, line {number}"
        if not more:
            if line != "]\n" or lines.read(1):
                raise BrokenError(f"{where}: expected the end of the list")
            return
        more = line.endswith(",\n")
        row = parse_json(line[:-2] if more else line, where)
        if type(row) is not dict or list(row) != names:
            raise BrokenError(f"{where}: the names are not the expected ones")
        yield where, list(row.values())
    raise BrokenError(f"{name}: the end of the list is missing")


class Thrift:
    """Reads Thrift's compact protocol, in which Parquet describes itself, as {field: value}."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self.position = position

    def _byte(self) -> int:
        self.position += 1
        return self._content[self.position - 1]

    def _varint(self) -> int:
        total = shift = 0
        while True:
            byte = self._byte()
            total |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return total
            if shift > 63:
                raise BrokenError("a number without end")

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _bytes(self) -> bytes:
        size = self._varint()
        if size > len(self._content) - self.position:
            raise BrokenError("a text without end")
        self.position += size
        return self._content[self.position - size : self.position]

    def struct(self, depth: int = 0) -> Dict[int, Any]:
        """A structure and all that is in it."""
        if depth > 20:
            raise BrokenError("structures without end")
        fields: Dict[int, Any] = {}
        number = 0
        while True:
            head = self._byte()
            if head == 0:
                return fields
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            fields[number] = kind == 1 if kind in (1, 2) else self._item(kind, depth)

    def _item(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 8:
            return self._bytes()
        if kind == 9:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._item(head & 15, depth + 1) for _ in range(count)]
        if kind == 12:
            return self.struct(depth + 1)
        raise BrokenError("a kind of value that is not expected")


PARQUET_TYPES = {"s": 6, "i": 2, "b": 0}
GZIP, PLAIN, REQUIRED = 2, 0, 0


def read_parquet_rows(folder: str, name: str, columns: Columns) -> Iterator[Tuple[str, Cells]]:
    """The rows of a Parquet file in the plain form in which the open data are written."""
    content = read_whole(folder, name)
    size = int.from_bytes(content[-8:-4], "little")
    if len(content) < 12 or content[:4] + content[-4:] != b"PAR1PAR1" or size > len(content) - 12:
        raise BrokenError(f"{name} is not a whole Parquet file")
    try:
        footer = Thrift(content, len(content) - 8 - size).struct()
        leaves = footer[2][1:]
        shape = [(leaf[4].decode("utf-8"), leaf[1]) for leaf in leaves]
        if shape != [(column, PARQUET_TYPES[kind]) for column, kind in columns]:
            raise BrokenError("the columns are not the expected ones")
        row = 0
        for group in footer.get(4, []):
            chunks = [chunk[3] for chunk in group[1]]
            if len(chunks) != len(columns):
                raise BrokenError("a group of rows lacks columns")
            values = [
                _chunk(content, chunk, leaf[3] != REQUIRED, group[3])
                for chunk, leaf in zip(chunks, leaves)
            ]
            for cells in zip(*values):
                row += 1
                yield f"{name}, row {row}", list(cells)
        if row != footer[3]:
            raise BrokenError(f"it has {row} rows, and says {footer[3]}")
    except (BrokenError, LookupError, ValueError, TypeError, struct.error, zlib.error) as error:
        raise BrokenError(f"{name} is damaged: {error}") from error


def _chunk(content: bytes, about: Dict[int, Any], optional: bool, rows: int) -> Cells:
    """All values of one column in one group of rows."""
    found: Cells = []
    position = about[9]
    while len(found) < about[5]:
        reader = Thrift(content, position)
        page = reader.struct()
        data = page[5]
        if about[4] != GZIP or page[1] != 0 or data[2] != PLAIN or not 0 <= page[2] <= MOST_BYTES:
            raise BrokenError("a page in a form that is not expected")
        position = reader.position + page[3]
        unpacked = zlib.decompressobj(31).decompress(content[reader.position : position], page[2])
        if len(unpacked) != page[2] or data[1] < 1:
            raise BrokenError("a page that is not whole")
        found += _page(unpacked, about[1], optional, data[1])
    if len(found) != rows or about[5] != rows:
        raise BrokenError("columns of unequal length")
    return found


def _page(data: bytes, kind: int, optional: bool, count: int) -> Cells:
    """The values of one page; which of them are empty stands before them."""
    present = [1] * count
    if optional:
        size = int.from_bytes(data[:4], "little")
        present = _levels(data[4 : 4 + size], count)
        data = data[4 + size :]
    wanted = sum(present)
    if kind == PARQUET_TYPES["i"]:
        values: Cells = list(struct.unpack(f"<{wanted}q", data))
    elif kind == PARQUET_TYPES["b"]:
        values = [bool(data[i >> 3] >> (i & 7) & 1) for i in range(wanted)]
    else:
        values = _texts(data, wanted)
    rest = iter(values)
    return [next(rest) if there else None for there in present]


def _levels(data: bytes, count: int) -> List[int]:
    """Ones and zeros, in runs and packed eights."""
    found: List[int] = []
    position = 0
    while len(found) < count:
        head = shift = 0
        while True:
            byte = data[position]
            position += 1
            head |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if head & 1:
            packed = data[position : position + (head >> 1)]
            position += head >> 1
            found += [byte >> bit & 1 for byte in packed for bit in range(8)]
        else:
            found += [data[position] & 1] * min(head >> 1, count)
            position += 1
    return found[:count]


def _texts(data: bytes, count: int) -> Cells:
    found: Cells = []
    position = 0
    for _ in range(count):
        end = position + 4 + int.from_bytes(data[position : position + 4], "little")
        if end > len(data):
            raise BrokenError("a text without end")
        found.append(data[position + 4 : end].decode("utf-8"))
        position = end
    return found


# ------------------------------------------------------------------------------------------------
# The election, its mesas and its scans.


class Election(NamedTuple):
    """What election.json says: levels, ballot, and how codes and payloads are written."""

    levels: List[Tuple[str, int]]
    candidates: List[str]
    candidate_names: List[str]
    lines: List[str]
    lines_of: List[List[int]]
    parties: List[str]
    separator: str
    parts: List[Tuple[str, int]]
    field_separator: str
    value_separator: str
    published: List[Tuple[str, str]]

    def vote_columns(self) -> Columns:
        """The candidates, then the lines of the ballot."""
        return [(name, "i") for name in self.candidates + self.lines]

    def mesa_columns(self) -> Columns:
        """The columns of mesas.csv."""
        before = "number:i listed:b status:s unread:b grade:s acta_code:s registered_voters:i " \
            "valid_votes:i null_votes:i empty_votes:i"  # fmt: skip
        after = "scan:s sha256:s page:i scans:i findings:s"
        places = [("mesa", "s"), *((name, "s") for name, _ in self.levels)]
        return places + _columns(before) + self.vote_columns() + _columns(after)

    def totals_columns(self) -> Columns:
        """The columns of every table of totals."""
        plain = "level:s code:s parent:s name:s " + " ".join(f"{name}:i" for name in SUMS)
        return _columns(plain) + self.vote_columns()

    def carried(self, level: int, code: str) -> str:
        """The unit of a level that a code lies in; what is listed only above ends in '-'."""
        digits = self.levels[level][1]
        return code[:digits] if len(code) >= digits else code + "-"


SUMS = (
    "expected", "counted", "quarantined", "missing", "unread", "registered_voters",
    "valid_votes", "null_votes", "empty_votes",
)  # fmt: skip


def _columns(text: str) -> Columns:
    return [(name, kind) for name, _, kind in (item.partition(":") for item in text.split())]


SCANS = _columns("scan:s sha256:s page:i status:s mesa:s grade:s payload:s stands_for:s findings:s")
FINDINGS = _columns("scan:s sha256:s page:i mesa:s code:s gravity:s sentence:s")


def read_election(folder: str, fail: Fail) -> Tuple[str, Election]:
    """election.json."""
    name = "election.json"
    raw = parse_json(read_text(folder, name), name)
    ballot = member(raw, "ballot", list, name)
    lines = [
        tuple(member(line, key, str, f"{name}, ballot") for key in
              ("candidate", "candidate_name", "party"))
        for line in ballot
    ]  # fmt: skip
    candidates = list(dict.fromkeys(line[0] for line in lines))
    names = {line[0]: line[1] for line in reversed(lines)}
    code, payload = member(raw, "acta_code", dict, name), member(raw, "payload", dict, name)
    election = Election(
        levels=_named_digits(member(raw, "levels", list, name), name),
        candidates=candidates,
        candidate_names=[names[candidate] for candidate in candidates],
        lines=[f"{candidate}:{party}" for candidate, _, party in lines],
        lines_of=[[i for i, line in enumerate(lines) if line[0] == c] for c in candidates],
        parties=[line[2] for line in lines],
        separator=member(code, "separator", str, name),
        parts=_named_digits(member(code, "parts", list, name), name),
        field_separator=member(payload, "field_separator", str, name),
        value_separator=member(payload, "value_separator", str, name),
        published=[
            (member(entry, "column", str, name), member(entry, "holds", str, name))
            for entry in member(raw, "published_layout", list, name)
        ],
    )
    if [line["position"] for line in ballot] != list(range(len(ballot))) or not ballot:
        fail(f"{name}: the ballot's positions do not count 0, 1, 2 ...")
    digits = dict(election.parts)
    if not {"centre", "mesa"} <= set(digits) or not election.levels:
        raise BrokenError(f"{name}: acta codes have no centre or no mesa, or there are no levels")
    if election.levels[-1][1] != digits["centre"]:
        raise BrokenError(f"{name}: the lowest level is not that of the centres")
    told = f"{name} names {len(lines)} lines of the ballot, {len(candidates)} candidates and "
    return told + f"{len(election.levels)} levels.", election


def _named_digits(entries: List[Any], where: str) -> List[Tuple[str, int]]:
    return [(member(e, "name", str, where), member(e, "digits", int, where)) for e in entries]


class Mesa(NamedTuple):
    """A row of mesas.csv. `votes` are those of the candidates, then those of the ballot's lines."""

    line: int
    name: str
    code: str
    """The centre, or the unit that the mesa is known by."""
    cells: Dict[str, Any]
    votes: Tuple[int, ...]

    @property
    def counted(self) -> bool:
        """Whether its votes are in the totals."""
        return bool(self.cells["status"] == "counted")

    def payload(self, election: Election) -> Tuple[Any, ...]:
        """What its sheet's symbol must say: code, votes, null votes, empty votes."""
        lines = list(self.votes[len(election.candidates) :])
        return self.cells["acta_code"], lines, self.cells["null_votes"], self.cells["empty_votes"]


def read_mesas(folder: str, election: Election, fail: Fail) -> Tuple[str, Dict[str, Mesa]]:
    """mesas.csv: each mesa once, in its place, its sums right."""
    columns = election.mesa_columns()
    first = [name for name, _ in columns].index(election.candidates[0])
    width = len(election.vote_columns())
    mesas: Dict[str, Mesa] = {}
    for line, cells in read_csv(folder, "mesas.csv", columns):
        where = f"mesas.csv, line {line} ({cells[0]})"
        values = typed(cells, columns, where)
        votes = values[first : first + width]
        plain = {n: v for (n, _), v in zip(columns[:first], values)}
        plain.update((n, v) for (n, _), v in zip(columns[first + width :], values[first + width :]))
        mesa = Mesa(line, cells[0], _place(plain, election, where), plain, tuple(votes))
        if mesa.name in mesas:
            fail(f"{where}: this mesa stands twice")
        mesas[mesa.name] = mesa
        for fault in _mesa_faults(mesa, election):
            fail(f"{where}: {fault}")
    counted = sum(mesa.counted for mesa in mesas.values())
    told = f"mesas.csv has {len(mesas)} mesas, {counted} of them counted; each stands once and in "
    return f"{told}its place, and its lines sum to its candidates and valid votes.", mesas


def _place(cells: Dict[str, Any], election: Election, where: str) -> str:
    """The code that a mesa is known by; its places must be the beginnings of that code."""
    name = plain_code(cells["mesa"])
    nameless = NAMELESS.fullmatch(name)
    digits = dict(election.parts)
    if nameless:
        code = nameless[1]
        good = len(code) < digits["centre"] and cells["number"] is None
    else:
        code, number = cells[election.levels[-1][0]] or "", cells["number"] or 0
        good = name == f"{code}{election.separator}{number:0{digits['mesa']}d}" and number > 0
        good = good and len(code) == digits["centre"] and code.isdigit()
    for level, length in election.levels:
        good = good and cells[level] == (code[:length] if length <= len(code) else None)
    if not good:
        raise BrokenError(f"{where}: its code, its places and its number do not fit together")
    return code


def plain_code(cell: Optional[str]) -> str:
    """A code as it is; '-/1 has an apostrophe in CSV, where a spreadsheet must not calculate it."""
    return (cell or "").lstrip("'")


def _mesa_faults(mesa: Mesa, election: Election) -> Iterator[str]:
    cells = mesa.cells
    if cells["status"] not in MESA_STATUSES:
        yield f"its status is {cells['status']!r}"
    if None in (cells["listed"], cells["scans"], cells["unread"]):
        yield "listed, unread or scans is empty"
    if cells["unread"] and cells["status"] != "missing":
        yield "it is unread, but not missing"
    filled = [cells[name] is not None for name in SHEET] + [v is not None for v in mesa.votes]
    if mesa.counted and all(filled):
        yield from _sum_faults(mesa, election)
    elif mesa.counted or any(filled):
        yield "it is counted and lacks votes, acta code or scan; or it is not, and has them"


SHEET = ("acta_code", "valid_votes", "null_votes", "empty_votes", "sha256", "page")
"""What a counted mesa has, beside its votes, and no other mesa."""


def _sum_faults(mesa: Mesa, election: Election) -> Iterator[str]:
    cells, lines = mesa.cells, mesa.votes[len(election.candidates) :]
    if sum(lines) != cells["valid_votes"]:
        yield f"valid_votes is {cells['valid_votes']}, its lines sum to {sum(lines)}"
    for name, positions, votes in zip(election.candidates, election.lines_of, mesa.votes):
        total = sum(lines[index] for index in positions)
        if total != votes:
            yield f"{name} is {votes}, the candidate's lines sum to {total}"


def read_scans(folder: str, fail: Fail) -> Tuple[str, Scans]:
    """scans.csv: each scan with exactly one status."""
    scans = []
    for line, cells in read_csv(folder, "scans.csv", SCANS):
        where = f"scans.csv, line {line}"
        scan = {name: v for (name, _), v in zip(SCANS, typed(cells, SCANS, where))}
        if scan["status"] not in SCAN_STATUSES:
            fail(f"{where}: its status is {scan['status']!r}")
        if scan["sha256"] and not SHA256.fullmatch(scan["sha256"]):
            fail(f"{where}: its sha256 is none")
        scans.append((line, scan))
    hashes = {scan["sha256"] for _, scan in scans}
    for line, scan in scans:
        if scan["stands_for"] and scan["stands_for"] not in hashes:
            fail(f"scans.csv, line {line}: it repeats a scan that is not listed")
    return f"scans.csv has {len(scans)} scans, each with exactly one status.", scans


def check_payloads(
    election: Election, mesas: Dict[str, Mesa], scans: Scans, fail: Fail
) -> Tuple[str, bool]:
    """Every counted mesa rests on one scan, whose symbol says the mesa's numbers."""
    resting: Dict[str, int] = Counter()
    printed = 0
    for line, scan in scans:
        where = f"scans.csv, line {line}"
        mesa = mesas.get(scan["mesa"] or "")
        if scan["mesa"] and mesa is None:
            fail(f"{where}: mesas.csv has no mesa {scan['mesa']}")
        said = _payload(scan["payload"], election, where) if scan["payload"] else None
        if said and said[0] != scan["mesa"]:
            fail(f"{where}: its payload is of mesa {said[0]}, not {scan['mesa']}")
        if mesa and mesa.counted and scan["status"] in ("counted", "duplicate"):
            for fault in _disagreements(mesa, scan, said, election):
                fail(f"{where}, against mesas.csv, line {mesa.line} ({mesa.name}): {fault}")
        if mesa and scan["status"] == "counted":
            resting[mesa.name] += 1
            printed += said is None
    for mesa in mesas.values():
        if resting[mesa.name] != mesa.counted:
            rests = f"{resting[mesa.name]} scans of it are counted"
            fail(f"mesas.csv, line {mesa.line}: {mesa.name} is {mesa.cells['status']}, {rests}")
    held = sum(resting.values()) - printed
    told = f"Each counted mesa rests on one counted scan; the votes of {held} mesas are those in "
    more = f"; {printed} rest on the print alone" if printed else ""
    return f"{told}the text of the sheet's QR symbol{more}.", True


def _disagreements(
    mesa: Mesa, scan: Dict[str, Any], said: Optional[Tuple[Any, ...]], election: Election
) -> Iterator[str]:
    """What a scan says of a counted mesa and the mesa's row does not."""
    wanted = mesa.payload(election)
    if said and said[2:] != wanted[1:]:
        yield "its payload says other votes"
    if scan["status"] == "counted":
        if said and said[1] != wanted[0]:
            yield "its payload says another acta code"
        if not said and scan["grade"] != "print":
            yield "it has no payload, though it was not read from the print"
        for name in ("scan", "sha256", "page", "grade"):
            if mesa.cells[name] != scan[name]:
                yield f"{name} is {scan[name]!r} here and {mesa.cells[name]!r} there"


def _payload(text: str, election: Election, where: str) -> Tuple[Any, ...]:
    """Mesa, acta code, votes, null votes, empty votes."""
    fields = text.split(election.field_separator)
    codes = fields[0].split(election.separator)
    shape = [len(code) if code.isdigit() else 0 for code in codes]
    values = fields[1].split(election.value_separator) if len(fields) == 4 else []
    numbers = [int(v) for v in (*values, *fields[2:]) if NUMBER.fullmatch(v)]
    if shape != [d for _, d in election.parts] or len(numbers) != len(election.lines) + 2:
        raise BrokenError(f"{where}: its payload is not in the form of this election's symbols")
    named = {name: code for (name, _), code in zip(election.parts, codes)}
    mesa = f"{named['centre']}{election.separator}{named['mesa']}"
    return mesa, fields[0], numbers[:-2], numbers[-2], numbers[-1]


def check_scan_hashes(manifest: Manifest, scans: Scans, fail: Fail) -> Tuple[str, bool]:
    """The manifest and scans.csv list the same scans."""
    listed = {(scan["sha256"], scan["scan"] or "") for _, scan in scans if scan["sha256"]}
    for digest, name in sorted(set(manifest.scans) ^ listed):
        place = "scans.csv" if (digest, name) in listed else MANIFEST
        fail(f"{name} with sha256 {digest} stands in {place} alone")
    unread = sum(scan["sha256"] is None for _, scan in scans)
    told = f"{MANIFEST} and scans.csv list the same {len(listed)} scans"
    return told + (
        f"; {unread} more could not be opened and have no sha256." if unread else "."
    ), True


def check_findings(folder: str, scans: Scans, fail: Fail) -> Tuple[str, bool]:
    """findings.csv has a sentence for every code in scans.csv, and no other."""
    codes: Dict[Any, int] = Counter(
        (scan["scan"], scan["sha256"], scan["page"], scan["mesa"], code)
        for _, scan in scans
        for code in (scan["findings"] or "").split()
    )
    rows = 0
    for line, cells in read_csv(folder, "findings.csv", FINDINGS):
        row = typed(cells, FINDINGS, f"findings.csv, line {line}")
        rows += 1
        codes[tuple(row[:5])] -= 1
        if codes[tuple(row[:5])] < 0:
            fail(f"findings.csv, line {line}: scans.csv does not have this finding")
    for (name, _, _, _, code), count in codes.items():
        if count > 0:
            fail(f"findings.csv lacks {code} on {name}")
    return f"findings.csv has the {rows} findings that scans.csv names.", True


# ------------------------------------------------------------------------------------------------
# The totals, added up anew.


class Unit(NamedTuple):
    """A unit as the mesas give it; `sums` in the order of SUMS, then of the vote columns."""

    level: str
    code: str
    parent: str
    sums: List[int]

    @property
    def identity(self) -> str:
        """Its name in the NIST document."""
        return NATION if self.level == NATION else f"{self.level}-{self.code}"


Totals = Dict[str, Dict[str, Unit]]


def add_up(mesas: Dict[str, Mesa], election: Election, _fail: Fail) -> Tuple[str, Totals]:
    """The sums of every unit of every level."""
    width = len(SUMS) + len(election.vote_columns())
    lowest: Dict[str, List[int]] = defaultdict(lambda: [0] * width)
    for mesa in mesas.values():
        known = lowest[mesa.code]
        for index, value in enumerate(_row_of(mesa)):
            known[index] += value
    totals: Totals = {level: {} for level in levels_of(election)}
    for code, sums in lowest.items():
        _add(totals[NATION], Unit(NATION, "", "", sums))
        above = 0
        for level, (name, digits) in enumerate(election.levels):
            unit = election.carried(level, code)
            parent = unit[:-1] if unit.endswith("-") else unit[:above]
            _add(totals[name], Unit(name, unit, parent, sums))
            above = digits
    units = sum(len(level) for level in totals.values())
    return f"The mesas are added up anew: {units} units of {len(totals)} levels.", totals


def _row_of(mesa: Mesa) -> List[int]:
    cells = mesa.cells
    status = [int(cells["status"] == name) for name in MESA_STATUSES]
    before = [1, *status, int(bool(cells["unread"]))]
    if not mesa.counted:
        return before
    plain = (cells[name] or 0 for name in SUMS[len(before) :])
    return [*before, *plain, *(votes or 0 for votes in mesa.votes)]


def _add(units: Dict[str, Unit], part: Unit) -> None:
    known = units.get(part.code)
    if known is None:
        units[part.code] = part._replace(sums=list(part.sums))
    else:
        known.sums[:] = [a + b for a, b in zip(known.sums, part.sums)]


def check_totals(
    folder: str, election: Election, totals: Totals, level: str, fail: Fail
) -> Tuple[str, Dict[str, str]]:
    """One table of totals; gives back the units' names."""
    name = f"totals/{level}.csv"
    columns = election.totals_columns()
    names: Dict[str, str] = {}
    for line, cells in read_csv(folder, name, columns):
        values = typed(cells, columns, f"{name}, line {line}")
        code = plain_code(values[1])
        where = f"{name}, line {line} ({code or level})"
        unit = totals[level].get(code)
        if unit is None or code in names:
            fail(f"{where}: no mesa lies in this unit, or it stands twice")
            continue
        names[code] = values[3] or ""
        if values[0] != level or plain_code(values[2]) != unit.parent:
            fail(f"{where}: its level or its parent is wrong")
        for (column, _), value, total in zip(columns[4:], values[4:], unit.sums):
            if value != total:
                fail(f"{where}: {column} is {value}, the mesas sum to {total}")
        if None in values[4:8] or values[4] != sum(values[5:8]):
            fail(f"{where}: expected is not counted + quarantined + missing")
    for code in sorted(set(totals[level]) - set(names)):
        fail(f"{name} lacks the unit {code or level}")
    told = f"{name}: all sums of its {len(names)} units are those of their mesas, and expected = "
    return told + "counted + quarantined + missing in each.", names


def check_summary(
    folder: str, election: Election, mesas: Dict[str, Mesa], totals: Totals,
    scans: Scans, fail: Fail,
) -> Tuple[str, bool]:  # fmt: skip
    """summary.json, with the account of the scans."""
    name = "summary.json"
    raw = parse_json(read_text(folder, name), name)
    statuses = Counter(scan["status"] for _, scan in scans)
    nation = dict(zip(SUMS, totals[NATION][""].sums)) if totals[NATION] else dict.fromkeys(SUMS, 0)
    votes = totals[NATION][""].sums[len(SUMS) :] if totals[NATION] else []
    grades = Counter(mesa.cells["grade"] or "" for mesa in mesas.values() if mesa.counted)
    said = member(raw, "grades", dict, name)
    expected: Dict[str, Any] = {
        "scans": {"found": len(scans), **{status: statuses[status] for status in SCAN_STATUSES}},
        "mesas": {key: nation[key] for key in SUMS[:5]},
        "grades": {grade: grades[grade] for grade in {*said, *grades}},
        "valid_votes": nation["valid_votes"],
        "null_votes": nation["null_votes"],
        "empty_votes": nation["empty_votes"],
        "registered_voters_of_counted": nation["registered_voters"],
        "votes": dict(zip(election.candidates, votes)),
    }
    for key, value in expected.items():
        if json.dumps(raw.get(key), sort_keys=True) != json.dumps(value, sort_keys=True):
            fail(f"{name}: {key} is {raw.get(key)}, the tables give {value}")
    found = member(member(raw, "scans", dict, name), "found", int, name)
    if found != sum(statuses[status] for status in SCAN_STATUSES):
        fail(f"{name}: scans found are not the sum of the six statuses")
    parts = " + ".join(f"{statuses[status]} {status}" for status in SCAN_STATUSES)
    return f"summary.json fits the tables; {len(scans)} scans found = {parts}.", True


# ------------------------------------------------------------------------------------------------
# The other formats against the CSV files.


def neutral(text: str) -> str:
    """A text as it stands in CSV, where a spreadsheet must not take it for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def check_format(
    folder: str, stem: str, ending: str, columns: Columns, fail: Fail
) -> Tuple[str, bool]:
    """A table's JSON or Parquet holds what its CSV holds."""
    name = stem + ending
    read = read_json_rows if ending == ".json" else read_parquet_rows
    rows = 0
    for left, right in zip_longest(
        read_csv(folder, f"{stem}.csv", columns), read(folder, name, columns)
    ):
        if left is None or right is None:
            fail(f"{name} and {stem}.csv do not have equally many rows")
            break
        rows += 1
        where = f"{stem}.csv, line {left[0]}"
        cells = typed(left[1], columns, where)
        if cells != right[1] or list(map(type, cells)) != list(map(type, right[1])):
            for (column, _), cell, other in zip(columns, cells, right[1]):
                shown = neutral(other) if type(other) is str else other
                if shown != cell or type(shown) is not type(cell):
                    fail(f"{right[0]} ({left[1][0]}): {column} is {other!r}, in {where} {cell!r}")
    return f"{name} holds the same {rows} rows as {stem}.csv.", True


NIST = "nist-1500-100.json"


def check_nist(
    folder: str, election: Election, mesas: Dict[str, Mesa], totals: Totals,
    names: Dict[str, Dict[str, str]], fail: Fail,
) -> Tuple[str, bool]:  # fmt: skip
    """Units, candidates and counts of the NIST document."""
    raw = parse_json(read_text(folder, NIST), NIST)
    units = [unit for level in totals.values() for unit in level.values()]
    width = len(SUMS)
    counts = {unit.identity: (unit.sums[width:], unit.sums[7], unit.sums[8]) for unit in units}
    for mesa in mesas.values():
        if mesa.counted:
            null, empty = mesa.cells["null_votes"], mesa.cells["empty_votes"]
            counts[_nist_mesa(mesa)] = (list(mesa.votes), null, empty)
    _check_units(member(raw, "GpUnit", list, NIST), election, mesas, units, names, fail)
    [held] = member(raw, "Election", list, NIST)
    [contest] = member(held, "Contest", list, NIST)
    candidates = member(held, "Candidate", list, NIST)
    if [_words(c, "BallotName") for c in candidates] != election.candidate_names:
        fail(f"{NIST}: the candidates are not those of election.json")
    parties = {p.get("@id"): _words(p, "Name") for p in member(raw, "Party", list, NIST)}
    selections = member(contest, "ContestSelection", list, NIST)
    if len(selections) != len(candidates):
        fail(f"{NIST}: {len(selections)} selections for {len(candidates)} candidates")
    for index, selection in enumerate(selections[: len(election.candidates)]):
        said = [parties.get(p) for p in member(selection, "EndorsementPartyIds", list, NIST)]
        wanted = list(dict.fromkeys(election.parties[i] for i in election.lines_of[index]))
        if selection.get("CandidateIds") != [candidates[index].get("@id")] or said != wanted:
            fail(f"{NIST}, {selection.get('@id')}: its candidate or its parties are wrong")
        expected = {unit: {"Type": "total", "Count": c[0][index]} for unit, c in counts.items()}
        _check_counts(selection, "VoteCounts", election.candidates[index], expected, fail)
    cast = {
        unit: {
            "Type": "total",
            "BallotsCast": sum(votes[: len(election.candidates)]) + null + empty,
            "BallotsRejected": null,
        }
        for unit, (votes, null, empty) in counts.items()
    }
    _check_counts(held, "BallotCounts", "ballots", cast, fail)
    empty_votes = {unit: {"Undervotes": count[2]} for unit, count in counts.items()}
    _check_counts(contest, "OtherCounts", "empty votes", empty_votes, fail)
    return f"{NIST} holds the same votes for {len(counts)} units and mesas.", True


def _nist_mesa(mesa: Mesa) -> str:
    return f"mesa-{plain_code(mesa.name)}"


def _words(parent: Any, name: str) -> Any:
    [text] = member(member(parent, name, dict, NIST), "Text", list, NIST)
    return member(text, "Content", str, NIST)


def _check_counts(
    parent: Any, kind: str, what: str, expected: Dict[str, Dict[str, Any]], fail: Fail
) -> None:
    """The counts of one kind: exactly one for each unit, with the expected numbers."""
    seen = set()
    for count in member(parent, kind, list, NIST):
        unit = member(count, "GpUnitId", str, NIST)
        numbers = {k: v for k, v in count.items() if k not in ("@type", "GpUnitId")}
        if unit in seen or unit not in expected:
            fail(f"{NIST}, {what}: a count for {unit}, which has none or has it twice")
        elif numbers != expected[unit] or bool in map(type, numbers.values()):
            fail(f"{NIST}, {what}, {unit}: {numbers}, the tables give {expected[unit]}")
        seen.add(unit)
    for unit in sorted(set(expected) - seen):
        fail(f"{NIST}, {what}: no count for {unit}")


def _check_units(
    said: List[Any], election: Election, mesas: Dict[str, Mesa], units: List[Unit],
    names: Dict[str, Dict[str, str]], fail: Fail,
) -> None:  # fmt: skip
    """Every unit and mesa stands once, in its place, with its register and its status."""
    expected = {unit.identity: _nist_unit(unit, names) for unit in units}
    parts = _nist_parts(election, mesas, units)
    status = {"counted": "completed", "quarantined": "in-process", "missing": "not-processed"}
    for mesa in mesas.values():
        cells = mesa.cells
        expected[_nist_mesa(mesa)] = (
            None if cells["number"] is None else str(cells["number"]),
            cells["registered_voters"],
            status.get(cells["status"]),
        )
    for unit in said:
        name = member(unit, "@id", str, NIST)
        wanted = expected.pop(name, None)
        if unit.get("Type") == "precinct":
            [state] = member(unit, "CountStatus", list, NIST)
            found: Any = (unit.get("Number"), unit.get("VotersRegistered"), state.get("Status"))
        else:
            found = (
                neutral(_words(unit, "Name")),
                unit.get("TotalSubUnits"),
                unit.get("SubUnitsReported"),
            )
            if sorted(member(unit, "ComposingGpUnitIds", list, NIST)) != sorted(parts[name]):
                fail(f"{NIST}, {name}: its parts are not those of the tables")
        if repr(found) != repr(wanted):  # which tells true from 1
            fail(f"{NIST}, {name}: {found}, the tables give {wanted}")
    for name in expected:
        fail(f"{NIST} lacks {name}")


def _nist_unit(unit: Unit, names: Dict[str, Dict[str, str]]) -> Tuple[Any, ...]:
    return names[unit.level].get(unit.code), unit.sums[0], unit.sums[1]


def _nist_parts(
    election: Election, mesas: Dict[str, Mesa], units: List[Unit]
) -> Dict[str, List[str]]:
    levels = [name for name, _ in election.levels]
    parts: Dict[str, List[str]] = defaultdict(list)
    for unit in units:
        if unit.level in levels[1:]:
            above = levels.index(unit.level) - 1
            whole = election.carried(above, unit.code.rstrip("-"))
            parts[f"{levels[above]}-{whole}"].append(unit.identity)
        elif unit.level == levels[0]:
            parts[NATION].append(unit.identity)
    lowest = len(levels) - 1
    for mesa in mesas.values():
        whole = election.carried(lowest, mesa.code)
        parts[f"{levels[lowest]}-{whole}"].append(_nist_mesa(mesa))
    return parts


PUBLISHED = "published-layout.csv"


def check_published(
    folder: str, election: Election, mesas: Dict[str, Mesa], fail: Fail
) -> Tuple[str, bool]:
    """The publisher's layout: a line for each counted mesa, in order, with its votes."""
    kinds = [(c, "s" if h == "scan" or h.endswith(":name") else "i") for c, h in election.published]
    counted = sorted(
        (mesa for mesa in mesas.values() if mesa.counted),
        key=lambda mesa: (mesa.code, mesa.cells["number"]),
    )
    for mesa, row in zip_longest(counted, read_csv(folder, PUBLISHED, kinds)):
        if mesa is None or row is None:
            raise BrokenError(f"{PUBLISHED} and mesas.csv do not have equally many counted mesas")
        where = f"{PUBLISHED}, line {row[0]} ({mesa.name})"
        for (column, holds), value in zip(election.published, typed(row[1], kinds, where)):
            known, wanted = _published(holds, mesa, election)
            if known and value != wanted:
                fail(f"{where}: {column} is {value}, in mesas.csv {wanted}")
    others = [c for c, h in election.published if h.endswith((":name", ":number"))]
    told = f"{PUBLISHED} holds the same {len(counted)} counted mesas"
    return told + (f" (not checked: {', '.join(others)})." if others else "."), True


def _published(holds: str, mesa: Mesa, election: Election) -> Tuple[bool, Any]:
    """Whether the other tables know what stands in a column, and what."""
    what, _, which = holds.partition(":")
    if what == "votes":
        return True, mesa.votes[election.candidates.index(which)]
    if which == "integer":
        return True, int(mesa.code[: dict(election.levels)[what]])
    if which:
        return False, None  # the publisher's own names and numbers of places
    return True, mesa.cells["number" if what == "mesa" else what]


# ------------------------------------------------------------------------------------------------
# The descriptions, and the scans themselves.


def levels_of(election: Optional[Election]) -> List[str]:
    """The names of the levels, from the nation down."""
    return [NATION, *(name for name, _ in election.levels)] if election else []


def tables_of(election: Optional[Election]) -> List[Tuple[str, Columns]]:
    """The tables that stand in all three formats."""
    if election is None:
        return []
    totals = [(f"totals/{level}", election.totals_columns()) for level in levels_of(election)]
    return [("mesas", election.mesa_columns()), *totals]


def check_names(election: Election, manifest: Manifest, fail: Fail) -> Tuple[str, bool]:
    """Every file of this form of open data, and none that this script knows nothing of."""
    known = {"README.md", "verify.py", "election.json", "summary.json", "datapackage.json"}
    known |= {"scans.csv", "findings.csv", NIST}
    known |= {PUBLISHED} if election.published else set()
    for stem, _ in tables_of(election):
        known |= {f"{stem}.csv", f"{stem}.json", f"{stem}.parquet"}
    for name in sorted(known - set(manifest.files)):
        fail(f"{MANIFEST} does not list {name}")
    for name in sorted(set(manifest.files) - known):
        fail(f"{MANIFEST} lists {name}, which does not belong to these open data")
    return f"{MANIFEST} lists the files that belong to these open data, and no other.", True


def check_datapackage(folder: str, manifest: Manifest, fail: Fail) -> Tuple[str, bool]:
    """datapackage.json describes every file, with its size and sha256."""
    name = "datapackage.json"
    described = set()
    for resource in member(parse_json(read_text(folder, name), name), "resources", list, name):
        path = member(resource, "path", str, name)
        if path in described or path == name or path not in manifest.files:
            fail(f"{name} describes {path}, which is not a file of these data, or stands twice")
            continue
        described.add(path)
        if member(resource, "hash", str, name) != f"sha256:{manifest.files[path]}":
            fail(f"{name}: the sha256 of {path} is not the one in {MANIFEST}")
        if member(resource, "bytes", int, name) != len(read_whole(folder, path)):
            fail(f"{name}: the size of {path} is not that of the file")
    for path in sorted(set(manifest.files) - described - {name}):
        fail(f"{name} does not describe {path}")
    return f"{name} describes the other {len(described)} files with their sizes and hashes.", True


def check_scan_files(folder: str, manifest: Manifest, fail: Fail) -> Tuple[str, bool]:
    """Every published scan lies in the folder, unchanged, under whatever name."""
    if not os.path.isdir(folder):
        raise BrokenError(f"{folder} is not a folder")
    published = {digest for digest, _ in manifest.scans}
    names = {_file_name(name) for _, name in manifest.scans}
    found, strangers = set(), 0
    for name in files_below(folder):
        path = os.path.join(folder, *name.split("/"))
        digest = hash_file(path) if os.path.isfile(path) else ""
        if digest in published:
            found.add(digest)
        elif os.path.basename(name) in names:
            fail(f"{name} was changed: its sha256 is not a published one")
        else:
            strangers += 1
    for digest, name in manifest.scans:
        if digest not in found:
            fail(f"the scan {name or '(unnamed)'} with sha256 {digest} is not in {folder}")
    told = f"All {len(published)} published scans lie in {folder}, unchanged"
    more = f"; {strangers} other files there were not published" if strangers else ""
    return f"{told}{more}.", True


def _file_name(published: str) -> str:
    """A file's name as the system knows it; what cannot be printed was percent-encoded."""
    plain = published[1:] if neutral(published[1:]) == published else published
    return os.fsdecode(unquote_to_bytes(plain))


# ------------------------------------------------------------------------------------------------


def verify(folder: str, scans_folder: str, root: str, report: Report) -> None:
    """All checks, in order."""
    run = report.run
    manifest = run("The manifest", read_manifest, folder)
    run("The files", check_files, folder, manifest)
    found = run("The Merkle root", check_root, folder, manifest, root)
    election = run("The election", read_election, folder)
    run("The list of files", check_names, election, manifest)
    mesas = run("The mesas", read_mesas, folder, election)
    scans = run("The scans", read_scans, folder)
    run("The scans and their hashes", check_scan_hashes, manifest, scans)
    run("The votes and the symbols' texts", check_payloads, election, mesas, scans)
    run("The findings", check_findings, folder, scans)
    totals = run("The sums", add_up, mesas, election)
    names = {
        level: run(f"The totals by {level}", check_totals, folder, election, totals, level) or {}
        for level in levels_of(election)
    }
    run("The summary", check_summary, folder, election, mesas, totals, scans)
    for stem, columns in tables_of(election):
        run(f"{stem}.json", check_format, folder, stem, ".json", columns)
        run(f"{stem}.parquet", check_format, folder, stem, ".parquet", columns)
    run("The NIST document", check_nist, folder, election, mesas, totals, names)
    if election and election.published:
        run("The publisher's layout", check_published, folder, election, mesas)
    run("The data package", check_datapackage, folder, manifest)
    if scans_folder:
        run("The scans themselves", check_scan_files, scans_folder, manifest)
    _conclude(report, found, scans_folder, root)


def _conclude(report: Report, found: Optional[str], scans_folder: str, root: str) -> None:
    report.say("")
    if report.failed:
        report.say(f"{report.failed} of {report.checks} checks FAILED: do not rely on these data.")
    else:
        report.say(f"All {report.checks} checks passed.")
    if found:
        report.say(f"Merkle root: {found}")
    report.say("")
    if not root:
        report.say("Not checked: whether somebody stands for these data. Whoever rewrites every")
        report.say("file, the manifest and the root is found only by a root that was signed,")
        report.say("timestamped or printed elsewhere. Compare it, or give it as --root HEX.")
    if not scans_folder:
        report.say("Not checked: the scans themselves. If you have them, give --scans FOLDER.")
    report.say("Not checked: whether the scans show the texts given for their symbols. Read the")
    report.say("symbols of some scans with any QR reader, and compare.")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run as a command; gives back the exit code."""
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Checks a folder of open data of a count.")
    parser.add_argument("folder", nargs="?", default=here, help="the open data; default: here")
    parser.add_argument(
        "--scans", metavar="FOLDER", default="", help="also hash the scans in this folder"
    )
    parser.add_argument("--root", metavar="HEX", default="", help="also compare the Merkle root")
    chosen = parser.parse_args(arguments)
    report = Report(sys.stdout.write)
    report.say(f"Checking {chosen.folder}")
    report.say("")
    verify(chosen.folder, chosen.scans, chosen.root, report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
