"""The layout file: what stands in it is complete, and a slip in it is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.layout import Layout, load_layout

LAYOUT_FILE = Path(__file__).parents[1] / "configs" / "venezuela-2024" / "layout.yaml"


def _written(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = yaml.safe_load(LAYOUT_FILE.read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "layout.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_real_layout_loads_and_can_key_a_cache() -> None:
    layout = load_layout(LAYOUT_FILE)
    assert layout.words[:2] == ("Cero", "Uno")
    assert [row.counts for row in layout.summary_table.rows].count("valid") == 2
    assert len(layout.members.roles) == 6
    assert {layout: 1}[load_layout(LAYOUT_FILE)] == 1


def test_box_pitch_is_081_of_the_symbols_height() -> None:
    layout = load_layout(LAYOUT_FILE)
    assert layout.members.box_pitch / (49 * layout.symbol.module) == pytest.approx(0.81, abs=0.02)


def test_columns_stand_in_reading_order() -> None:
    table = load_layout(LAYOUT_FILE).ballot_table
    columns = [table.left, table.sigla_right, table.code_x, table.number_x, table.words_x]
    assert columns == sorted(columns)
    assert table.words_x < table.right


def test_layout_is_frozen() -> None:
    layout = load_layout(LAYOUT_FILE)
    with pytest.raises(AttributeError):
        layout.paper.width = 90.0  # type: ignore[misc]


def _drop_width(content: dict[str, Any]) -> None:
    del content["paper"]["width"]


def _misspell(content: dict[str, Any]) -> None:
    content["members"]["box_pich"] = 46.0


def _shorten_words(content: dict[str, Any]) -> None:
    content["words"] = content["words"][:9]


def _negate(content: dict[str, Any]) -> None:
    content["ballot_table"]["row_pitch"] = -5.1


def _unknown_count(content: dict[str, Any]) -> None:
    content["summary_table"]["rows"][0]["counts"] = "everything"


def _pixels_for_millimetres(content: dict[str, Any]) -> None:
    content["ballot_table"]["right"] = 575.5


def _tighten_letters(content: dict[str, Any]) -> None:
    content["fonts"]["words"]["spacing"] = -0.1


def _not_a_number(content: dict[str, Any]) -> None:
    content["symbol"]["module"] = float("nan")


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        (_drop_width, "paper.width", "required"),
        (_misspell, "members.box_pich", "46.0"),
        (_shorten_words, "words", "at least 10"),
        (_negate, "ballot_table.row_pitch", "-5.1"),
        (_unknown_count, "summary_table.rows.0.counts", "everything"),
        (_pixels_for_millimetres, "ballot_table", "575.5"),
        (_tighten_letters, "fonts.words.spacing", "-0.1"),
        (_not_a_number, "symbol.module", "nan"),
    ],
)
def test_a_slip_is_named_with_file_key_and_value(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], key: str, value: str
) -> None:
    path = _written(tmp_path, change)
    with pytest.raises(ValueError, match="layout") as caught:
        load_layout(path)
    message = str(caught.value)
    assert str(path) in message
    assert key in message
    assert value in message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "paper: [", "just a sentence"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "layout.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"layout\.yaml"):
        load_layout(path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layout.yaml"
    path.write_bytes("title: Elección".encode("latin-1"))
    with pytest.raises(ValueError, match="not readable as YAML"):
        load_layout(path)


def test_every_faulty_key_is_named_at_once(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        _negate(content)
        _shorten_words(content)

    with pytest.raises(ValueError, match="row_pitch") as caught:
        load_layout(_written(tmp_path, change))
    assert "words" in str(caught.value)
    assert isinstance(load_layout(LAYOUT_FILE), Layout)
