"""What `--cluster` means, and what is refused before anything is connected to."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.places import (
    SHIPPED,
    GatewayPlace,
    LocalPlace,
    SchedulerPlace,
    find_place,
    is_loopback,
)
from pipeline.errors import ClusterError, ConfigError, InputError


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_shipped_files_are_four_and_valid() -> None:
    assert {path.stem for path in SHIPPED.glob("*.yaml")} == {
        "local", "lan", "gateway", "kubernetes",
    }  # fmt: skip
    assert find_place("local") == LocalPlace(kind="local")
    lan = find_place("lan")
    assert isinstance(lan, SchedulerPlace)
    assert lan.certs == SHIPPED / "certs"
    assert lan.send
    kubernetes = find_place("kubernetes")
    assert isinstance(kubernetes, SchedulerPlace)
    assert kubernetes.certs == Path("/etc/actas/certs")
    assert isinstance(find_place("gateway"), GatewayPlace)


def test_an_address_is_a_scheduler(tmp_path: Path) -> None:
    place = find_place("tls://10.0.0.5:8786", certs=tmp_path, send=True)
    assert place == SchedulerPlace(
        kind="scheduler", address="tls://10.0.0.5:8786", certs=tmp_path, send=True
    )


@pytest.mark.parametrize(
    "text",
    ["tls://host", "http://host:8786", "tls://ho st:1", "ftp://x:1", "tls://a:b", "tls://a:1/x"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not the address of a scheduler"):
        find_place(text, insecure=True)


@pytest.mark.parametrize("text", ["nowhere", "host:8786", "no/such.yaml"])
def test_a_name_that_nobody_knows_lists_those_that_are(text: str) -> None:
    with pytest.raises(InputError, match="gateway, kubernetes, lan, local"):
        find_place(text)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example.org", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_a_plain_connection_to_another_machine_needs_consent() -> None:
    with pytest.raises(ClusterError, match="runs any code on it"):
        find_place("tcp://192.168.1.10:8786")
    place = find_place("tcp://192.168.1.10:8786", insecure=True)
    assert isinstance(place, SchedulerPlace)
    for harmless in ("tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tcp://localhost:8786"):
        assert isinstance(find_place(harmless), SchedulerPlace)


def test_so_does_a_plain_gateway(tmp_path: Path) -> None:
    """It hands out the keys of its clusters."""
    text = "kind: gateway\naddress: http://gateway.lan:8000\n"
    with pytest.raises(ClusterError, match="--insecure"):
        find_place(write(tmp_path, text))
    assert find_place(write(tmp_path, text), insecure=True)
    assert find_place(write(tmp_path, text + "insecure: true\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("address: tls://a:1\n", "kind"),
        ("kind: cloud\n", "cloud"),
        ("kind: scheduler\n", r"scheduler\.address: Field required"),
        ("kind: scheduler\naddress: host:1\n", r"scheduler\.address: .*host:1"),
        ("kind: scheduler\naddress: tls://a:1\nworkers: 0\n", r"scheduler\.workers: .*value: 0"),
        ("kind: scheduler\naddress: tls://a:1\nsend: maybe\n", r"scheduler\.send: .*'maybe'"),
        ("kind: scheduler\naddress: tls://a:1\nwokers: 2\n", r"scheduler\.wokers: Extra"),
        ("kind: gateway\naddress: https://a\npassword: x\n", r"gateway\.password: Extra"),
        ("kind: gateway\naddress: https://a\nauth: none\n", r"gateway\.auth: .*'none'"),
        ("kind: local\nworkers: '2'\n", r"local\.workers: .*'2'"),
        ("kind: local\nkind: gateway\n", "stands twice"),
        ("kind: [\n", "not valid YAML"),
        ("", "whole file"),
        ("- a\n", "whole file"),
    ],
)
def test_a_mistake_is_answered_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        find_place(write(tmp_path, text), insecure=True)
    assert "mine.yaml" in str(refused.value)


def test_certificates_are_found_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    base = "kind: scheduler\naddress: tls://a:1\ncerts: "
    beside = find_place(write(tmp_path, base + "keys\n"))
    at_home = find_place(write(tmp_path, base + "~/keys\n"))
    overruled = find_place(write(tmp_path, base + "keys\n"), certs=Path("other"))
    found = [p.certs for p in (beside, at_home, overruled) if isinstance(p, SchedulerPlace)]
    assert found == [tmp_path / "keys", Path("/home/ana/keys"), Path("other")]


def test_options_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="on this machine"):
        find_place("local", send=True)
    with pytest.raises(InputError, match="own certificates"):
        find_place("gateway", certs=Path("certs"))
