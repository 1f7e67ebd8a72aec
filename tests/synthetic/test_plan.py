"""Plans: as many files as asked for, of every kind, each with the status that is certain."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.election import Election, load_election
from pipeline.errors import InputError
from pipeline.synthetic.faults import CUT_OFF, FAULTS, NO_SYMBOL, TAMPERED
from pipeline.synthetic.mix import CLEAN_MIX
from pipeline.synthetic.plan import (
    BROKEN,
    DEFAULT_MIX,
    LIGHT,
    NOT_A_SHEET,
    OTHER_ELECTION,
    Mix,
    PlannedFile,
    plan_election,
    plan_table,
)

CONFIG = Path(__file__).parents[2] / "configs" / "venezuela-2024"
HEADER = "CENTRO,MESA,VOTOS_VALIDOS,VOTOS_NULOS,EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA"


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election(CONFIG)


@pytest.fixture(scope="module")
def plan(election: Election) -> list[PlannedFile]:
    return plan_election(election, 300, seed=5)


def test_three_hundred_files_hold_every_kind(plan: list[PlannedFile]) -> None:
    kinds = Counter(file.kind for file in plan)
    assert len(plan) == 300
    assert kinds["duplicate"] == kinds["broken"] == 8
    assert kinds["rescan"] == kinds["other-election"] == kinds["not-a-sheet"] == 6
    assert kinds["conflicting"] == 10
    assert 35 <= kinds["worn"] <= 55
    assert {file.variant for file in plan} >= {*BROKEN, *NOT_A_SHEET, *OTHER_ELECTION}


def test_names_are_unique_without_regard_to_case(plan: list[PlannedFile]) -> None:
    assert len({file.name.lower() for file in plan}) == len(plan)
    usual = sum("Acta" in file.name for file in plan)
    assert 0.5 < usual / len(plan) < 1, "most names follow the usual pattern, not all"


def test_the_seed_decides(election: Election, plan: list[PlannedFile]) -> None:
    assert plan_election(election, 300, seed=5) == plan
    assert plan_election(election, 300, seed=6) != plan


def test_copies_share_what_they_must(plan: list[PlannedFile]) -> None:
    clean = {file.sheet_seed: file for file in plan if file.kind == "clean"}
    for file in plan:
        if file.kind == "duplicate":
            named = replace(file, name="", kind="clean", expected_status="counted")
            assert named == replace(clean[file.sheet_seed], name="")
        if file.kind == "rescan":
            assert file.mesa == clean[file.sheet_seed].mesa
            assert file.scan_seed != clean[file.sheet_seed].scan_seed


def test_conflicting_sheets_differ_in_votes_alone(plan: list[PlannedFile]) -> None:
    pairs: dict[tuple[str, int], list[PlannedFile]] = {}
    for file in plan:
        if file.kind == "conflicting" and file.mesa:
            pairs.setdefault((file.mesa.centre, file.mesa.number), []).append(file)
    assert len(pairs) == 5
    for first, second in pairs.values():
        assert first.mesa is not None
        assert second.mesa is not None
        assert first.mesa.votes != second.mesa.votes
        assert first.mesa.total == second.mesa.total
        assert first.expected_status == second.expected_status == "quarantined"


def test_every_mesa_has_one_file_that_counts_unless_it_is_uncertain(
    plan: list[PlannedFile],
) -> None:
    own = [file for file in plan if file.kind in {"clean", "worn"} and file.mesa]
    mesas = {(file.mesa.centre, file.mesa.number) for file in own if file.mesa}
    assert len(mesas) == len(own)
    for file in own:
        certain = file.kind == "clean" or (file.family, file.level) in LIGHT
        assert file.expected_status == ("counted" if certain else "")


def test_strangers_are_strange(election: Election, plan: list[PlannedFile]) -> None:
    for file in plan:
        if file.variant == "other-country":
            assert file.mesa is not None
            assert file.mesa.centre[:2] not in election.rules.top_units
        if file.variant == "other-length":
            assert file.mesa is not None
            assert len(file.mesa.votes) != election.rules.positions


def test_heavy_wear_clusters_by_station(election: Election) -> None:
    plan = plan_election(election, 6000, seed=3)
    sheets = Counter(file.name.split("_")[0] for file in plan if file.mesa)
    worn = Counter(f.name.split("_")[0] for f in plan if f.kind == "worn" and not f.expected_status)
    shares = sorted(worn[name] / count for name, count in sheets.items() if count > 50)
    assert shares[-1] > 3 * shares[len(shares) // 2] > 0


def test_the_default_plan_has_sound_print(plan: list[PlannedFile]) -> None:
    assert not {file.kind for file in plan} & {"tampered", "no-symbol", "cut-off"}


def test_faults_of_the_print_take_their_share_of_the_clean_sheets(election: Election) -> None:
    mix = DEFAULT_MIX.with_faults(0.4)
    plan = plan_election(election, 300, seed=5, mix=mix)
    assert plan == plan_election(election, 300, seed=5, mix=mix)
    kinds = Counter(file.kind for file in plan)
    sound = Counter(file.kind for file in plan_election(election, 300, seed=5))
    sheets = 300 - sum(sound[kind] for kind in sound if kind not in ("clean", "worn")) + 5
    assert kinds["tampered"] == round(0.24 * sheets)
    assert kinds["no-symbol"] == kinds["cut-off"] == round(0.08 * sheets)
    for kind in ("worn", "duplicate", "rescan", "conflicting", "broken"):
        assert kinds[kind] == sound[kind], kind
    assert {file.variant for file in plan if file.kind == "tampered"} == set(TAMPERED)
    assert {file.variant for file in plan if file.kind == "no-symbol"} == set(NO_SYMBOL)
    assert {file.variant for file in plan if file.kind == "cut-off"} == set(CUT_OFF)
    for file in plan:
        fault = FAULTS.get(file.variant)
        assert (file.donor is not None) == bool(fault and fault.from_other)
        if fault:
            assert file.expected_status == fault.status
        if file.donor and file.mesa:
            donor, own = file.donor.mesa, file.mesa
            assert (donor.centre, donor.number) != (own.centre, own.number)


def test_a_single_sheet_has_no_other_to_take_from(election: Election) -> None:
    for seed in range(12):
        (file,) = plan_election(election, 1, seed, CLEAN_MIX.with_faults(1.0))
        assert file.kind == "tampered"
        assert not FAULTS[file.variant].from_other


def test_one_file_is_a_plan_too(election: Election) -> None:
    assert [file.kind for file in plan_election(election, 1, seed=1)] == ["clean"]
    with pytest.raises(InputError):
        plan_election(election, 0, seed=1)


def test_a_table_gives_a_sheet_per_row(election: Election, tmp_path: Path) -> None:
    rows = [f"10101001,{n},60,0,40,20,0,0,0,0,0,0,0,0" for n in range(1, 61)]
    (tmp_path / "table.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    bare = Mix(**dict.fromkeys(Mix.__dataclass_fields__, 0.0))
    plain = plan_table(election, tmp_path / "table.csv", seed=1, mix=bare)
    assert Counter(file.kind for file in plain) == {"clean": 60}
    mixed = plan_table(election, tmp_path / "table.csv", 1, replace(bare, duplicate=0.1), limit=40)
    assert Counter(file.kind for file in mixed) == {"clean": 40, "duplicate": 4}


@pytest.mark.parametrize(
    "shares",
    [
        {"light": -0.1},
        {"broken": 0.6},
        {"light": 0.9, "heavy": 0.2},
        {"colour_300": 0.95},
        {"tampered": 0.9},
    ],
)
def test_an_impossible_mix_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="mix: "):
        Mix(**shares)
