"""Votes: whole places, plausible figures, exact sums; a bad row names its line."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.election import Election, load_election
from pipeline.errors import ConfigError, InputError
from pipeline.synthetic.shares import position_shares
from pipeline.synthetic.votes import (
    MesaVotes,
    acta_code_text,
    from_table,
    invent,
    payload_text,
)

CONFIG = Path(__file__).parents[2] / "configs" / "venezuela-2024"
HEADER_V1 = (
    "COD_EDO,EDO,COD_MUN,MUN,COD_PAR,PAR,CENTRO,MESA,RE,VOTOS_VALIDOS,VOTOS_NULOS,"
    "EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA,URL"
)
ROW_V1 = "1,DTTO. CAPITAL,1,MP. X,1,PQ. Y,10101001,1,760,449,2,323,114,3,1,0,1,1,2,0,4,u"
HEADER_V2 = HEADER_V1.replace("RE,", "")
ROW_V2 = "2,EDO. ANZOATEGUI,11,MP. PEÑALVER,99,PQ. Ñ,21199001,3,449,0,323,114,3,1,0,1,1,2,0,4,u"


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election(CONFIG)


@pytest.fixture(scope="module")
def invented(election: Election) -> tuple[MesaVotes, ...]:
    return invent(election, 400, seed=11)


def written(tmp_path: Path, *lines: str, encoding: str = "utf-8-sig") -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path


def test_the_same_seed_invents_the_same_votes(
    election: Election, invented: tuple[MesaVotes, ...]
) -> None:
    assert invent(election, 400, seed=11) == invented
    assert invent(election, 400, seed=12) != invented


def test_places_are_whole_parishes_of_several_states(
    election: Election, invented: tuple[MesaVotes, ...]
) -> None:
    assert len({(mesa.centre, mesa.number) for mesa in invented}) == 400
    assert len({mesa.centre[:2] for mesa in invented}) >= 3
    found: dict[str, int] = {}
    for mesa in invented:
        found[mesa.centre] = found.get(mesa.centre, 0) + 1
    whole = sum(election.units[centre].expected == count for centre, count in found.items())
    assert whole >= len(found) - 1, "only the last centre may be cut off"


def test_turnout_and_shares_look_like_the_published_ones(
    election: Election, invented: tuple[MesaVotes, ...]
) -> None:
    turnout = [mesa.total / mesa.registered for mesa in invented]
    assert min(turnout) >= 0.38
    assert max(turnout) <= 0.91
    assert 0.5 < sum(turnout) / len(turnout) < 0.72
    two = [c.positions for c in election.candidates if c.code in {"EG", "NM"}]
    both = sum(mesa.votes[i] for mesa in invented for lines in two for i in lines)
    assert 0.93 < both / sum(sum(mesa.votes) for mesa in invented) < 0.99


def test_registered_voters_are_the_registers_where_it_knows(
    election: Election, invented: tuple[MesaVotes, ...]
) -> None:
    key = election.rules.acta_code.mesa_key
    known = [m for m in invented if key(m.centre, m.number) in election.registered]
    assert len(known) > 100
    assert all(election.registered[key(m.centre, m.number)] == m.registered for m in known)


def test_more_mesas_than_the_register_names_are_refused(election: Election) -> None:
    with pytest.raises(InputError, match="the register names 24800"):
        invent(election, 24_801, seed=1)


def test_the_payload_follows_the_grammar(
    election: Election, invented: tuple[MesaVotes, ...]
) -> None:
    mesa = invented[0]
    code, votes, null_votes, empty_votes = payload_text(election.rules, mesa).split("!")
    parsed = election.rules.acta_code.parse(code)
    assert parsed is not None
    assert (parsed.centre, parsed.mesa_number) == (mesa.centre, mesa.number)
    assert code.endswith(".1.0001")
    assert tuple(map(int, votes.split(","))) == mesa.votes
    assert (int(null_votes), int(empty_votes)) == (mesa.null_votes, mesa.empty_votes)


def test_the_first_layout_keeps_every_candidates_sum(election: Election, tmp_path: Path) -> None:
    (mesa,) = from_table(election, written(tmp_path, HEADER_V1, ROW_V1), seed=1)
    sums = {c.code: sum(mesa.votes[i] for i in c.positions) for c in election.candidates}
    assert sums == {
        code: int(cell)
        for code, cell in zip(HEADER_V1.split(",")[11:21], ROW_V1.split(",")[11:21], strict=True)
    }
    assert sums["EG"] == 323
    assert (mesa.registered, mesa.null_votes) == (760, 2)
    assert acta_code_text(election.rules, mesa) == "010101001.01.1.0001"


@pytest.mark.parametrize("mangled", ["", "ï»¿", "?"])
def test_the_later_layout_is_latin_1_with_a_mangled_mark(
    election: Election, tmp_path: Path, mangled: str
) -> None:
    path = written(tmp_path, mangled + HEADER_V2, ROW_V2, encoding="latin-1")
    (mesa,) = from_table(election, path, seed=1)
    assert mesa.centre == "021199001"
    assert mesa.place_names[-1] == "PQ. Ñ", "a parish that the register does not name"
    assert mesa.registered >= mesa.total


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (ROW_V1.replace(",449,", ",450,"), "votes sum to 449, VOTOS_VALIDOS is 450"),
        (ROW_V1.replace(",323,", ",32x,"), "EG is '32x'"),
        (ROW_V1.replace("10101001", "1010100123"), "CENTRO is '1010100123'"),
        (ROW_V1.replace("10101001", "990101001"), "state 99"),
        (ROW_V1.replace("10101001,1,", "10101001,0,"), "MESA is 0"),
        (ROW_V1.removesuffix(",u"), "21 cells, expected 22"),
        (ROW_V1, "stands twice"),
    ],
)
def test_a_bad_row_names_file_and_line(
    election: Election, tmp_path: Path, row: str, complaint: str
) -> None:
    path = written(tmp_path, HEADER_V1, ROW_V1, row)
    with pytest.raises(InputError) as caught:
        from_table(election, path, seed=1)
    assert "table.csv: line 3:" in caught.value.what
    assert complaint in caught.value.what


def test_a_limit_keeps_the_first_rows(election: Election, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER_V1, ROW_V1, ROW_V1.replace("001,1,", "001,2,"), "broken")
    assert [m.number for m in from_table(election, path, seed=1, limit=2)] == [1, 2]


def test_another_table_is_refused_by_its_header(election: Election, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1: no column CENTRO"):
        from_table(election, written(tmp_path, "a,b", "1,2"), seed=1)


def test_party_shares_are_even_without_a_table(election: Election) -> None:
    even = position_shares(replace(election, shares_file=None))
    first = list(election.candidates[0].positions)
    assert even[first].std() == 0
    assert even.sum() == pytest.approx(1)


def test_party_shares_are_checked(election: Election, tmp_path: Path) -> None:
    table = tmp_path / "party_shares.csv"
    table.write_text("candidate,party,share\nNM,NOBODY,0.5\n")
    with pytest.raises(ConfigError, match="line 2: NM, NOBODY is not on the ballot"):
        position_shares(replace(election, shares_file=table))
