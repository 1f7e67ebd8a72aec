"""Whatever a file is called: its location in a table is printable, and leads back to the file."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.read.uris import from_uri, is_remote, page_uri, to_uri

names = st.binary(min_size=1, max_size=60).filter(lambda raw: b"\0" not in raw)


@given(raw=names)
def test_every_name_comes_back(raw: bytes) -> None:
    path = "/scans/" + os.fsdecode(raw)
    uri = to_uri(path)
    assert from_uri(uri) == path
    assert os.fsencode(from_uri(uri)) == b"/scans/" + raw


@given(raw=names)
def test_every_uri_is_printable_and_has_no_page_mark(raw: bytes) -> None:
    uri = to_uri(os.fsdecode(raw))
    assert uri.isprintable()
    assert "#" not in uri
    assert uri.encode("utf-8")


@given(one=names, two=names)
def test_different_names_have_different_uris(one: bytes, two: bytes) -> None:
    assert (to_uri(os.fsdecode(one)) == to_uri(os.fsdecode(two))) == (one == two)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_every_text_comes_back(text: str) -> None:
    assert from_uri(to_uri(text)) == text


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("acta 1.jpg", "acta 1.jpg"),
        ("cédula ñ.jpg", "cédula ñ.jpg"),
        ("a\nb.jpg", "a%0Ab.jpg"),
        ("100%.jpg", "100%25.jpg"),
        ("a#page=2.jpg", "a%23page=2.jpg"),
        ("%41.jpg", "%2541.jpg"),
        ("a\u202egpj.exe", "a%E2%80%AEgpj.exe"),
        ("a\x1b[31m.jpg", "a%1B[31m.jpg"),
        (os.fsdecode(b"\xff\xfe.jpg"), "%FF%FE.jpg"),
    ],
)
def test_readable_names_stay_readable(name: str, uri: str) -> None:
    assert to_uri(name) == uri
    assert from_uri(uri) == name


def test_only_files_of_several_pages_have_page_numbers() -> None:
    assert page_uri("/a.jpg", 1, 1) == "/a.jpg"
    assert page_uri("/a.tif", 2, 3) == "/a.tif#page=2"


@pytest.mark.parametrize("location", ["s3://bucket/a", "memory://x", "https://e.org/a", "s3+x://a"])
def test_urls_are_remote(location: str) -> None:
    assert is_remote(location)


@pytest.mark.parametrize("location", ["/a/b", "a.jpg", "://x", "-a://b", "a b://c", "x:/y", ""])
def test_paths_are_not_remote(location: str) -> None:
    assert not is_remote(location)
