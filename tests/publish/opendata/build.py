"""A small invented election with every kind of scan and mesa, and its open data."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.count.outputs import RunFacts, summarise
from pipeline.count.resolve import Resolution, Scan, resolve
from pipeline.count.totals import Totals, sum_up
from pipeline.election import Election, load_election
from pipeline.findings import Finding
from pipeline.publish.opendata import verify
from pipeline.publish.opendata.manifest import Manifest
from pipeline.publish.opendata.scans import Naming
from pipeline.publish.opendata.write import Publication, write_open_data
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.record import Outcome

HOME = "/home/reporter-7/secret folder"
YAML = """
slug: invented
title: Vote of "Nowhere" = nothing
country: Nowhere
date: 2031-05-04
ballot: ballot.csv
acta_code:
  separator: "."
  parts: [{name: centre, digits: 6}, {name: mesa, digits: 2}, {name: copy, digits: 1}]
levels: [{name: state, digits: 2}, {name: district, digits: 4}, {name: centre, digits: 6}]
payload: {field_separator: "!", value_separator: ",", max_digits: 4}
symbol: {versions: [8], error_correction: Q}
expected_mesas: {file: expected.csv, source: A register}
registered_voters: {file: voters.csv, source: A list of voters}
published_table: {columns: columns.csv, units: units.csv, source: A rival's table}
"""
FACTS = RunFacts("9-reader", "c0de", 17, {"all": 2.5})
FILES = {
    # A party carries two candidates; a candidate stands on lines that are no neighbours.
    "ballot.csv": "position,candidate,candidate_name,party,party_code\n"
    "0,AA,=ANA(1),SUN,1\n1,BB,BEA,SUN,2\n2,CC,CAI,-MOON-,3\n3,AA,=ANA(1),SEA,4\n",
    # Mesas that only the nation (2), a state (1) or a district (3) knows of.
    "expected.csv": "level,code,name,expected_mesas\nnation,,@Nowhere,18\n"
    "state,01,+North,12\nstate,02,South,4\n"
    'district,0101,"Upper, ""old"" town",8\ndistrict,0102,Lower town,3\ndistrict,0201,Plain,4\n'
    "centre,010101,=School(),3\ncentre,010102,Mill,2\ncentre,010201,Inn,3\ncentre,020101,Barn,4\n",
    "voters.csv": "code,mesa,registered_voters\n010101,1,1500\n010101,2,900\n010102,1,800\n",
    "columns.csv": "column,holds\nCOD,state:number\nSTATE,state:name\nCOD_D,district:number\n"
    "CENTRE,centre:integer\nMESA,mesa\nVALID,valid_votes\nNULL,null_votes\nEMPTY,empty_votes\n"
    "RE,registered_voters\nBB,votes:BB\nAA,votes:AA\nURL,scan\n",
    "units.csv": "code,number,name\n01,1,NORD\n0101,77,OBEN\n",
}


def make_election(folder: Path, *, published: bool = True) -> Election:
    """The invented election."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for line in YAML.splitlines() if published or "published_table" not in line]
    (folder / "election.yaml").write_text("\n".join(lines), encoding="utf-8")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load_election(folder)


def scan(name: str, election: Election, text: str = "", **changes: Any) -> Scan:
    """A scan of somebody's secret folder; its sha256 is that of its name."""
    payload = parse_payload(text, election.rules) if text else None
    assert payload is None or isinstance(payload, Payload), payload
    values: dict[str, Any] = {
        "uri": name if "://" in name else f"{HOME}/{name}",
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "page": 1,
        "outcome": Outcome.READ if payload else Outcome.UNREADABLE,
        "grade": "qr" if payload else None,
        "payload": payload,
        "rivals": (),
        "findings": () if payload else (Finding("symbol-none"),),
        "failure": None,
    }
    return Scan(**(values | changes))


def make_scans(election: Election) -> list[Scan]:
    """Every status, and names of every kind."""
    rival = parse_payload("010101.03.1!1,1,1,1!0!0", election.rules)
    assert isinstance(rival, Payload)
    foreign, empty = Finding("payload-grammar", "9 characters"), Finding("file-empty")
    album = hashlib.sha256(b"album").hexdigest()
    copy = hashlib.sha256(b"a.jpg").hexdigest()
    return [
        scan("a.jpg", election, "010101.01.1!300,700,20,200!3!1", grade="proven"),
        scan("copies/a.jpg", election, "010101.01.1!300,700,20,200!3!1", sha256=copy),
        scan("=cmd|' c calc'!A0.jpg", election, "010101.02.1!10,800,0,0!0!0"),
        scan("again, \"2\".jpg", election, "010101.02.1!10,800,0,0!0!0"),
        scan("album.pdf#page=1", election, "010102.01.1!5,6,7,8!9!10", sha256=album),
        scan("album.pdf#page=2", election, "010201.01.1!0,34,1,0!0!0", page=2,
             sha256=album),
        scan("https://store.example/x/y.jpg?password=hunter2", election, "020101.01.1!1,0,0,0!0!0"),
        scan("@print.png", election, "020101.02.1!40,50,60,70!8!0", grade="print"),
        scan("new centre.jpg", election, "010199.07.1!2,2,2,2!0!0"),
        scan("e%0A.jpg", election, "010102.02.1!1,2,3,4!0!0"),
        scan("f.jpg", election, "010102.02.1!1,2,3,5!0!0"),
        scan("g.jpg", election, outcome=Outcome.AMBIGUOUS, rivals=(rival,),
             findings=(Finding("symbols-differ", "two"),)),
        scan("h.jpg", election),
        scan("i.jpg", election, mesa_hint="020101.03"),
        scan("-j.jpg", election, outcome=Outcome.REJECTED, findings=(foreign,)),
        scan("k.jpg", election, sha256=None, outcome=Outcome.FAILED, findings=(empty,)),
    ]  # fmt: skip


def count(election: Election, scans: Sequence[Scan]) -> tuple[Resolution, Totals, dict[str, Any]]:
    """Resolve and sum."""
    resolution = resolve(scans, election)
    totals = sum_up(resolution, election)
    return resolution, totals, summarise(totals, election, FACTS, {})


def publish(
    folder: Path, election: Election, scans: Sequence[Scan] | None = None, **settings: Any
) -> Manifest:
    """Write the open data of the scans into `folder`."""
    counted = count(election, make_scans(election) if scans is None else scans)
    naming = Naming(settings.pop("file_names", True))
    publication = Publication(election, *counted, naming=naming, **settings)
    return write_open_data(folder, publication)


def check(folder: Path, *, scans: Path | None = None, root: str = "") -> tuple[int, str]:
    """Run the verifier in this process: its exit code, and what it says."""
    said = io.StringIO()
    report = verify.Report(said.write)
    verify.verify(str(folder), str(scans or ""), root, report)
    return int(report.failed > 0), said.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, byte for byte."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def reseal(folder: Path) -> str:
    """What a forger does after changing files: every hash anew, and the root; returns that."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        content = (folder / resource["path"]).read_bytes()
        resource |= {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    old = (folder / "manifest.csv").read_bytes().split(b"\n")[:-1]
    files = {name: content for name, content in contents(folder).items()
             if name not in ("manifest.csv", "merkle-root.txt")}  # fmt: skip
    lines = [old[0]]
    for name in sorted(files, key=str.encode):
        lines.append(f"file,{hashlib.sha256(files[name]).hexdigest()},{name}".encode())
    lines += [line for line in old if line.startswith(b"scan,")]
    (folder / "manifest.csv").write_bytes(b"".join(line + b"\n" for line in lines))
    root = verify.merkle(lines).hex()
    (folder / "merkle-root.txt").write_text(root + "\n", encoding="utf-8")
    return root
