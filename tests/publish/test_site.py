"""The report: all that a reader needs, nothing a stranger smuggles in, the same bytes twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pipeline.count.outputs import RunFacts, summarise
from pipeline.count.resolve import Resolution, Scan, resolve
from pipeline.count.totals import Totals, sum_up
from pipeline.election import Election, load_election
from pipeline.errors import ResultsError
from pipeline.findings import CATALOGUE, Finding
from pipeline.publish.attention import MOST_ROWS
from pipeline.publish.site.words import LANGUAGES, english, words
from pipeline.publish.site.write import is_current, write_site
from pipeline.publish.text import number, percent, share, signed, visible
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.record import Outcome

TRICK = '"><script>alert(1)\u202e'
YAML = """
slug: invented
title: 'Vote <b>of</b> "Nowhere"'
country: Nowhere
date: 2031-05-04
ballot: ballot.csv
acta_code:
  separator: "."
  parts: [{name: centre, digits: 4}, {name: mesa, digits: 2}]
levels: [{name: state, digits: 2}, {name: centre, digits: 4}]
payload: {field_separator: "!", value_separator: ",", max_digits: 4}
symbol: {versions: [8], error_correction: Q}
expected_mesas: {file: expected.csv, source: "A register <i>"}
registered_voters: {file: voters.csv, source: A list of voters}
"""
OFFICIAL = 'official_results: {file: official.csv, source: "A bulletin"}\n'
FILES = {
    "ballot.csv": "position,candidate,candidate_name,party,party_code\n"
    '0,AA,ANA <ALBA> & "CO",P1,1\n1,BB,BERTA\u202eBOSCH,P2,2\n2,CC,CARLA,P3,3\n3,AA,ANA,P4,4\n',
    "expected.csv": "level,code,name,expected_mesas\n"
    "nation,,Nowhere,1009\nstate,01,North <script>,1005\nstate,02,South,3\n"
    "centre,0101,School,4\ncentre,0201,Town hall,3\n",
    "voters.csv": "code,mesa,registered_voters\n0101,1,1500\n0101,2,900\n",
    "official.csv": "source,date,scope_percent_of_mesas,candidate,votes,note\n"
    "Council <1>,2031-05-04,80.00,BB,2000,as <read> out\nCouncil <1>,2031-05-04,80.00,OTHERS,500,\n"
    "Council 2,2031-05-06,,AA,900,\nCouncil 2,2031-05-06,,NULL,7,\n",
}


def make_election(folder: Path, *, official: bool = True) -> Election:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "election.yaml").write_text(YAML + OFFICIAL * official, encoding="utf-8")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load_election(folder)


def scan(name: str, election: Election, text: str = "", **changes: Any) -> Scan:
    payload = parse_payload(text, election.rules) if text else None
    assert payload is None or isinstance(payload, Payload)
    values: dict[str, Any] = {
        "uri": f"/home/somebody/secret/{name}",
        "sha256": name,
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
    """Every status: 3 counted, 2 duplicate, 3 quarantined, 2 unreadable, 1 rejected, 1 failed."""
    rival = parse_payload("0101.04!1,1,1,1!0!0", election.rules)
    assert isinstance(rival, Payload)
    foreign, empty = Finding("payload-grammar", "9 characters"), Finding("file-empty")
    return [
        scan("a.jpg", election, "0101.01!300,700,20,200!3!1", grade="proven"),
        scan("b.jpg", election, "0101.02!10,800,0,0!0!0"),
        scan("c.jpg", election, "0102.01!0,34,1,0!0!0"),
        scan("d.jpg", election, "0102.01!0,34,1,0!0!0"),
        scan("m.jpg", election, "0101.01!300,700,20,200!3!1", sha256="a.jpg"),
        scan("e.jpg", election, "0201.01!1,2,3,4!0!0"),
        scan("f.jpg", election, "0201.01!1,2,3,5!0!0"),
        scan("g.jpg", election, outcome=Outcome.AMBIGUOUS, rivals=(rival,),
             findings=(Finding("symbols-differ", "two"),)),
        scan(f"h{TRICK}.jpg", election),
        scan("i.jpg", election, mesa_hint="0201.02"),
        scan("j.jpg", election, outcome=Outcome.REJECTED, findings=(foreign,)),
        scan("k.jpg", election, outcome=Outcome.FAILED, failure=empty.sentence, findings=(empty,)),
    ]  # fmt: skip


@dataclass
class Table:
    """A table of the page: its caption and the text of its cells."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)

    def row(self, start: str) -> list[str]:
        return next(row for row in self.rows if row[0].startswith(start))


class Page(HTMLParser):
    """What a browser would see: tags, text, tables; fails on tags that do not match."""

    VOID = frozenset(("meta", "link", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.tables: list[Table] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []
        self.text = clean(" ".join(self.words))

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "caption" in self._open:
            self.tables[-1].caption += data
        elif {"td", "th"} & set(self._open):
            self.tables[-1].rows[-1][-1] += data

    def table(self, caption: str) -> Table:
        table = next(table for table in self.tables if caption in table.caption)
        return Table(table.caption, [[clean(cell) for cell in row] for row in table.rows])

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def clean(text: str) -> str:
    """Text as a browser lays it out; the spaces within numbers stay."""
    return re.sub(r"[ \n]+", " ", text).strip(" ")


def publish(folder: Path, election: Election, scans: Sequence[Scan]) -> Path:
    resolution, totals, summary = count(election, scans)
    return write_site(folder, election, resolution, totals, summary)


def count(election: Election, scans: Sequence[Scan]) -> tuple[Resolution, Totals, dict[str, Any]]:
    resolution = resolve(scans, election)
    totals = sum_up(resolution, election)
    facts = RunFacts("9-<reader>", "c0de", 17, {"read": 1.5, "total": 2.25})
    return resolution, totals, summarise(totals, election, facts, {})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    election = make_election(folder / "election")
    return publish(folder / "site", election, make_scans(election)).parent


def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def html(site: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html")))


@pytest.fixture(scope="module")
def page(site: Path) -> Page:
    return read(site / "index.html")


@pytest.fixture(scope="module")
def problems(site: Path) -> Page:
    return read(site / "problems.html")


@pytest.fixture(scope="module")
def methods(site: Path) -> Page:
    return read(site / "methods.html")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_writes_the_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    election = make_election(tmp_path / "election")
    scans = make_scans(election)
    first = publish(tmp_path / "one" / "site", election, scans)
    second = publish(tmp_path / "two", election, scans[::-1])
    assert first == tmp_path / "one" / "site" / "index.html"
    assert files(first.parent) == files(second.parent)
    assert {
        "index.html", "es/index.html", "places/01.html", "es/places/02.html", "data/01.js",
        "search/01.js", "assets/en.js", "problems.csv", "methods.html", "centre.html",
    } <= files(first.parent).keys()  # fmt: skip


def test_it_asks_for_nothing_from_elsewhere_and_no_link_is_dead(site: Path, html: str) -> None:
    assert "://" not in html
    assert "@import" not in html
    for path in sorted(site.rglob("*.html")):
        page = read(path)
        policy = page.all("meta")[1]
        assert policy["http-equiv"] == "Content-Security-Policy"
        assert policy["content"].startswith("default-src 'none'; script-src 'self' file:; ")
        assert "unsafe" not in policy["content"]
        assert not {"style", "img", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
        assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)
        links = [link["href"] for link in [*page.all("a"), *page.all("link")]]
        links += [script["src"] for script in page.all("script")]
        assert len(links) > 8
        ids = {a["id"] for _, a in page.tags if "id" in a}
        for link in links:
            file, _, part = link.partition("#")
            if link == "data:,":
                continue
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), (path, link)
            assert target.is_relative_to(site), (path, link)
            assert file or part in ids, (path, link)


def test_a_screen_reader_finds_its_way(html: str, page: Page) -> None:
    names = [tag for tag, _ in page.tags]
    assert page.all("html") == [{"lang": "en"}]
    assert 'lang="es"' in html
    assert all(names.count(tag) == 1 for tag in ("h1", "main", "header", "nav", "footer"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a]
    assert labels
    assert set(labels) <= set(ids)
    assert all(table.caption.strip() for table in page.tables)
    assert all(heading.get("scope") for heading in page.all("th"))
    scrolling = [a for a in page.all("div") if a.get("class") == "scroll"]
    assert scrolling
    assert all(a["tabindex"] == "0" and a["role"] == "region" for a in scrolling)
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in html


def test_rows_are_as_wide_as_their_heads(site: Path) -> None:
    tables = [table for path in site.rglob("*.html") for table in read(path).tables]
    assert len(tables) > 20
    for table in tables:
        assert len({len(row) for row in table.rows[1:]}) <= 1, table.caption


def test_the_result_is_sorted_and_stands_beside_its_coverage(page: Page) -> None:
    table = page.table("Votes and share of valid votes")
    assert [row[1:] for row in table.rows[1:]] == [
        ["1\u202f534", "74.29%"],
        ["510", "24.70%"],
        ["21", "1.02%"],
        ["2\u202f065", "100.00%"],
        ["3", ""],
        ["1", ""],
    ]
    assert [row[0].split(" ")[-1] for row in table.rows[1:4]] == ["BB", "AA", "CC"]
    assert "3 of 1\u202f009 expected mesas are counted: 0.30%" in page.text
    assert "2\u202f400 registered voters at the counted mesas (known for 2 of these 3" in page.text
    assert "These totals are over the counted sheets only." in page.text
    assert (
        "1\u202f006 expected mesas are not in them, and what is missing is not random" in page.text
    )


def test_bars_are_as_long_as_their_shares(page: Page) -> None:
    widths = [a["width"] for a in page.all("rect") if a["class"] == "fill"]
    assert widths[:4] == ["0.30", "74.29", "24.70", "1.02"]


def test_accounts_show_every_status_and_their_sums(page: Page) -> None:
    scans = [(row[0].split(" ")[0], row[1]) for row in page.table("Scans").rows[1:]]
    assert scans == [
        ("counted", "3"), ("duplicate", "2"), ("quarantined", "3"), ("unreadable", "2"),
        ("rejected", "1"), ("failed", "1"), ("found", "12"),
    ]  # fmt: skip
    mesas = [row[1] for row in page.table("Mesas").rows[1:]]
    assert mesas == ["3", "2", "1\u202f004", "1", "1\u202f009"]
    grades = [row[1] for row in page.table("How well").rows[1:]]
    assert grades == ["1", "2", "0", "3"]


def test_places_hold_the_unlisted_and_sum_to_the_nation(page: Page) -> None:
    table = page.table("Mesas and votes by state")
    assert table.rows[1][7:10] == ["BB", "AA", "CC"]
    assert [row[0] for row in table.rows[2:]] == [
        "not listed", "North <script>", "South", "Sum",
    ]  # fmt: skip
    assert table.row("South")[1:] == [
        "3",
        "0",
        "0.00%",
        "1",
        "2",
        "1",
        "0",
        "0",
        "0",
        "0",
        "0",
        "0",
    ]
    figures = [[int(re.sub(r"\D", "", cell)) for cell in row[1:]] for row in table.rows[2:]]
    for column in (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        assert sum(row[column] for row in figures[:-1]) == figures[-1][column] > 0


def test_announced_figures_stand_beside_the_counted_ones(page: Page) -> None:
    first = page.table("Council <1>")
    assert "said to cover 80.00% of the mesas; counted here: 0.30%" in clean(first.caption)
    assert first.rows[2][1:] == ["2\u202f000", "80.00%", "1\u202f534", "74.29%", "\u2212466"]
    assert first.row("All others")[1:] == ["500", "20.00%", "531", "25.71%", "+31"]
    second = page.table("Council 2")
    assert "said to cover" not in second.caption
    assert second.rows[2][1:] == ["900", "\u2013", "510", "24.70%", "\u2212390"]
    assert second.row("Null votes")[1:] == ["7", "\u2013", "3", "\u2013", "\u22124"]
    assert "as <read> out" in page.text


def test_without_announcements_there_is_no_such_section(tmp_path: Path) -> None:
    election = make_election(tmp_path / "election", official=False)
    html = publish(tmp_path / "site", election, make_scans(election)).read_text(encoding="utf-8")
    assert 'id="announced"' not in html


def test_findings_are_summed_up_blocking_ones_first(problems: Page) -> None:
    rows = [(row[0], row[1], row[2]) for row in problems.table("Findings by code").rows[1:]]
    assert rows[0][1:] == ("blocks", "2")
    assert (
        "Sheets of one mesa disagree sheets-disagree same mesa, other numbers",
        "blocks",
        "2",
    ) in rows
    assert [gravity for _, gravity, _ in rows] == ["blocks"] * 5 + ["note"] * 3
    assert (
        "The same file again content-duplicate the same bytes under another name",
        "note",
        "1",
    ) in rows


def test_what_waits_is_listed_with_its_reason_and_without_its_folder(
    site: Path, problems: Page
) -> None:
    rows = {row[0]: row[1] for row in problems.table("Scans that need a person").rows[1:]}
    assert len(rows) == 7
    assert rows["e.jpg mesa 0201.01"] == (
        "quarantined Sheets of one mesa disagree: 2 versions of 0201.01"
    )
    assert rows["g.jpg mesa 0101.04"].startswith("quarantined Two different valid symbols")
    assert rows["i.jpg mesa 0201.02"] == "unreadable No QR symbol was found"
    assert rows["k.jpg mesa not known"] == "failed The file is empty"
    assert not [name for name, content in files(site).items() if b"somebody" in content]
    lines = (site / "problems.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 7
    assert "k.jpg,1,failed,,The file is empty,k.jpg" in lines


def test_a_long_list_is_cut_and_says_where_the_rest_is(tmp_path: Path) -> None:
    election = make_election(tmp_path / "election")
    scans = [scan(f"{index:04d}.jpg", election) for index in range(MOST_ROWS + 1)]
    folder = publish(tmp_path / "site", election, scans).parent
    page = read(folder / "problems.html")
    assert len(page.table("Scans that need a person").rows) == 1 + MOST_ROWS
    assert "501 scans need a person. These are the first 500." in page.text
    assert (folder / "problems.csv").read_bytes().count(b"\n") == 1 + 501


def test_the_stations_that_lost_most_come_first_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.publish.site.pages.MOST_ROWS", 2)
    election = make_election(tmp_path / "election")
    names = ("1_a", "2_a", "2_b", "3_a", "3_b", "3_c")
    folder = publish(
        tmp_path / "site", election, [scan(f"{n}.jpg", election) for n in names]
    ).parent
    page = read(folder / "problems.html")
    stations = [row[0] for row in page.table("Scans by scanning station").rows[1:]]
    assert stations == ["3", "2"]
    assert "These are the 2 of 3 that lost most." in page.text


def test_hostile_names_stay_text(site: Path, html: str, page: Page) -> None:
    assert "<script>" not in html
    assert html.count("</script>") == html.count("<script src=")
    for name, content in files(site).items():
        shown = content.decode()
        assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown), name
        if name.endswith(".js") and not name.endswith("site.js"):
            assert "<" not in shown, name
            assert "\\u202e" not in shown, name
    assert "h&#34;&gt;&lt;script&gt;alert(1)\ufffd.jpg" in html
    assert 'title="ANA &lt;ALBA&gt; &amp; &#34;CO&#34;"' in html
    assert "BERTA\ufffdBOSCH" in page.text
    assert 'Vote <b>of</b> "Nowhere"' in page.text
    assert not page.all("b")


def test_versions_and_sources_are_told(methods: Page) -> None:
    assert "Reader version 9-<reader> Table version 17 Configuration (SHA-256) " in methods.text
    assert re.search(r"\(SHA-256\) [0-9a-f]{64} Seconds read 1.500, total 2.250", methods.text)
    assert "Expected mesas A register <i> Registered voters A list of voters" in methods.text


def test_the_methods_page_holds_every_definition_of_the_code(methods: Page) -> None:
    for meanings in english().values():
        for code, meaning in meanings.items():
            assert clean(meaning) in methods.text, code
    assert "the lead is at least L - X" in methods.text


def test_nothing_read_is_a_page_too(tmp_path: Path) -> None:
    election = make_election(tmp_path / "election")
    folder = publish(tmp_path / "site", election, []).parent
    page, problems = read(folder / "index.html"), read(folder / "problems.html")
    assert "0 of 1\u202f009 expected mesas are counted: 0.00%" in page.text
    assert page.table("Votes and share").row("Valid votes")[1:] == ["0", "\u2013"]
    assert "No finding was made on any scan." in problems.text
    assert "No scan needs a person" in problems.text


def test_a_site_that_is_current_is_known_and_strangers_files_stay(tmp_path: Path) -> None:
    election = make_election(tmp_path / "election")
    resolution, totals, summary = count(election, make_scans(election))
    folder = tmp_path / "site"
    assert not is_current(folder, summary)
    write_site(folder, election, resolution, totals, summary)
    assert is_current(folder, summary | {"seconds": {}})
    assert not is_current(folder, summary | {"table_version": 18})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"thesis\.txt"):
        write_site(tmp_path / "other", election, resolution, totals, summary)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]


def test_a_place_sums_up_its_mesas_and_leads_to_them(site: Path) -> None:
    page = read(site / "places" / "01.html")
    assert "3 of 1\u202f005 expected mesas are counted" in page.text
    links = {link["href"] for link in page.all("a")}
    assert {"../centre.html#0101", "../centre.html#0101.01", "../centre.html#0101.04"} <= links
    row = page.table("Mesas and votes by centre").row("School")
    assert row[2:] == ["2/4", "1\u202f500", "510", "20", "2\u202f030"]


def test_every_language_says_the_same_things() -> None:
    own = [words(language) for language in LANGUAGES]
    keys = [sorted(w.strings) for w in own]
    assert all(found == keys[0] for found in keys)
    for key in keys[0]:
        holes = [sorted(re.findall(r"{\w+}", w.strings[key])) for w in own]
        assert all(found == holes[0] for found in holes), key
    for kind, meanings in english().items():
        for w in own:
            assert w.defined[kind].keys() == meanings.keys(), (w.language, kind)
            assert all(w.defined[kind].values())


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_finding_has_a_sentence_and_a_rule_in_spanish(code: str) -> None:
    own, kind = words("es"), CATALOGUE[code]
    for meaning, english_one in (("finding", kind.sentence), ("rule", kind.rule)):
        text = own.defined[meaning].get(code, "")
        assert text.strip(), f"definitions.es.yaml lacks {meaning}: {code}"
        assert text != english_one, f"definitions.es.yaml, {meaning}: {code} is in English"


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "\u2013"), (1, None, "\u2013"), (0, 5, "0.00%"), (5, 5, "100.00%"),
        (1, 3, "33.33%"), (2, 3, "66.67%"), (1, 8, "12.50%"), (1, 20_000, "0.01%"),
        (1, 20_001, "<0.01%"), (99_999, 100_000, ">99.99%"), (1, 800, "0.13%"),
    ],
)  # fmt: skip
def test_shares_never_hide_a_vote(part: int, whole: int | None, expected: str) -> None:
    assert share(part, whole) == expected


def test_figures_read_well() -> None:
    assert number(1_234_567) == "1\u202f234\u202f567"
    assert [signed(value) for value in (1_000, 0, -1_000)] == [
        "+1\u202f000", "0", "\u22121\u202f000",
    ]  # fmt: skip
    assert [percent(1, 3), percent(0, 0), percent(9, 3)] == ["33.33", "0.00", "100.00"]


def test_hidden_characters_become_visible_and_names_stay_names() -> None:
    assert visible("José Ñandú 東京 1\u202f000") == "José Ñandú 東京 1\u202f000"
    assert visible("a\u202eb\u2066c\x00d\u200be\ud800") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"
    assert visible(7) == 7
