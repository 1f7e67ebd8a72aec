"""From a folder with `election.yaml` to an `Election`, or to an error that says where to look."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from pipeline.election import tables
from pipeline.election.codes import ActaCodeFormat
from pipeline.election.definition import (
    ColumnsPart,
    Definition,
    read_columns,
    read_definition,
)
from pipeline.election.model import (
    NATION,
    Election,
    Level,
    PayloadFormat,
    Position,
    PublishedTable,
    ResultColumns,
    SheetRules,
    Symbol,
    Unit,
)
from pipeline.errors import ConfigError
from pipeline.layout import Layout, load_layout


def load_election(folder: Path) -> Election:
    """Load the definition in `folder`.

    Raises:
        ConfigError: naming file, line or key, and value of the first mistake.
    """
    definition = read_definition(folder / "election.yaml")
    positions = tables.read_ballot(folder / definition.ballot)
    levels = tuple(Level(level.name, level.digits) for level in definition.levels)
    codes = _code_format(definition)
    expected = folder / definition.expected_mesas.file
    units = tables.read_expected(expected, levels, codes.most_mesas)
    rules = _sheet_rules(
        definition, codes, positions, frozenset(units), levels, _layout(definition, folder)
    )
    if definition.map:
        map_file = folder / definition.map.file
        tables.check_map(map_file, definition.map.key, levels[0], frozenset(units))
    registered = definition.registered_voters
    official = definition.official_results
    independent = definition.independent_counts
    files = _files(definition)
    candidates = tuple(dict.fromkeys(position.candidate for position in positions))
    where = folder / "election.yaml"
    return Election(
        slug=definition.slug,
        title=definition.title,
        country=definition.country,
        date=definition.date,
        folder=folder,
        rules=rules,
        positions=positions,
        levels=levels,
        units=units,
        registered=(
            tables.read_registered(folder / registered.file, rules.acta_code) if registered else {}
        ),
        official=(
            tables.read_official(folder / official.file, frozenset(candidates)) if official else ()
        ),
        independent=(
            tables.read_independent(folder / independent.file, candidates) if independent else ()
        ),
        electorate=_electorate(where, definition, units),
        result_columns=(
            _columns(where, definition.result_columns, candidates)
            if definition.result_columns
            else None
        ),
        sources=_sources(definition),
        layout_file=folder / definition.layout if definition.layout else None,
        shares_file=folder / definition.party_shares.file if definition.party_shares else None,
        map_file=folder / definition.map.file if definition.map else None,
        map_key=definition.map.key if definition.map else "",
        files=files,
        config_sha256=_hash_files(folder, files),
        rules_sha256=hashlib.sha256(repr(_canonical(rules)).encode()).hexdigest(),
        published_table=_published_table(folder, definition, levels, frozenset(candidates)),
    )


def _published_table(
    folder: Path, definition: Definition, levels: tuple[Level, ...], candidates: frozenset[str]
) -> PublishedTable | None:
    named = definition.published_table
    if named is None:
        return None
    columns = tables.read_published_columns(folder / named.columns, levels, candidates)
    units = tables.read_published_units(folder / named.units, levels) if named.units else {}
    return PublishedTable(columns, units)


def load_columns(path: Path, election: Election) -> ResultColumns:
    """The column mapping in a YAML file: what stands under `result_columns` in an election.yaml.

    Raises:
        ConfigError: naming file, key and value of the first mistake.
    """
    return _columns(path, read_columns(path), tuple(c.code for c in election.candidates))


def _columns(path: Path, part: ColumnsPart, candidates: tuple[str, ...]) -> ResultColumns:
    unknown = sorted(part.votes.keys() - set(candidates))
    if unknown:
        raise ConfigError(
            f"{path}: votes.{unknown[0]}: not on the ballot, which has {', '.join(candidates)}"
        )
    votes = {
        code: (columns,) if isinstance(columns, str) else tuple(columns)
        for code in candidates
        if (columns := part.votes.get(code))
    }
    return ResultColumns(**(dict(part) | {"votes": votes}))


def _electorate(path: Path, definition: Definition, units: dict[str, Unit]) -> dict[str, int]:
    """Registered voters of whole units, by code."""
    if definition.electorate is None:
        return {}
    named = definition.electorate.registered_voters
    codes = {"" if name == NATION else name: voters for name, voters in named.items()}
    unknown = sorted(codes.keys() - units.keys())
    if unknown:
        raise ConfigError(
            f"{path}: electorate.registered_voters.{unknown[0]}: neither 'nation' nor the code "
            "of a unit"
        )
    return codes


def _code_format(definition: Definition) -> ActaCodeFormat:
    parts = tuple((part.name, part.digits) for part in definition.acta_code.parts)
    usual = tuple((part.name, part.usual) for part in definition.acta_code.parts if part.usual)
    return ActaCodeFormat(definition.acta_code.separator, parts, usual)


def _sheet_rules(
    definition: Definition,
    acta_code: ActaCodeFormat,
    positions: tuple[Position, ...],
    codes: frozenset[str],
    levels: tuple[Level, ...],
    layout: Layout | None,
) -> SheetRules:
    payload = definition.payload
    return SheetRules(
        acta_code=acta_code,
        payload=PayloadFormat(payload.field_separator, payload.value_separator, payload.max_digits),
        positions=len(positions),
        symbol=Symbol(tuple(definition.symbol.versions), definition.symbol.error_correction),
        top_units=frozenset(code for code in codes if len(code) == levels[0].digits),
        layout=layout,
        ballot=positions,
    )


def _layout(definition: Definition, folder: Path) -> Layout | None:
    if definition.layout is None:
        return None
    path = folder / definition.layout
    try:
        return load_layout(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _canonical(rules: SheetRules) -> tuple[object, ...]:
    """A representation whose text does not depend on the hash seed."""
    plain = replace(rules, top_units=frozenset())
    return (plain, tuple(sorted(rules.top_units)))


def _sources(definition: Definition) -> dict[str, str]:
    named = {
        "expected_mesas": definition.expected_mesas,
        "registered_voters": definition.registered_voters,
        "official_results": definition.official_results,
        "independent_counts": definition.independent_counts,
        "electorate": definition.electorate,
        "map": definition.map,
        "party_shares": definition.party_shares,
        "published_table": definition.published_table,
    }
    return {key: entry.source for key, entry in named.items() if entry}


def _files(definition: Definition) -> tuple[str, ...]:
    """Every file of the definition, in a fixed order."""
    entries = (
        definition.expected_mesas,
        definition.registered_voters,
        definition.official_results,
        definition.independent_counts,
        definition.map,
        definition.party_shares,
    )
    named = (entry.file for entry in entries if entry)
    layout = (definition.layout,) if definition.layout else ()
    table = definition.published_table
    published = (table.columns, table.units) if table else ()
    return ("election.yaml", definition.ballot, *layout, *named, *filter(None, published))


def _hash_files(folder: Path, names: tuple[str, ...]) -> str:
    """One hash over all files."""
    total = hashlib.sha256()
    for name in names:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise ConfigError(f"{folder / name}: cannot be read ({error.strerror})") from error
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()
