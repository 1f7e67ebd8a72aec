"""Wear: every family and level runs, repeats itself, and moves the corners with the paper."""

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.synthetic import wear
from pipeline.synthetic.plan import HEAVY, LIGHT

TEXT = "240111020.01.1.0001!" + ",".join(["149", *["3"] * 37]) + "!0!0"
EVERY = [(name, level) for name, family in wear.FAMILIES.items() for level in family.levels]
Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def crop() -> tuple[Image, NDArray[np.float32]]:
    """A symbol of 446 px on a stretch of paper 628 px wide, as at 200 dpi."""
    image = np.full((900, 628), 240, np.uint8)
    creator = zxingcpp.create_barcode(TEXT, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    modules = np.array(zxingcpp.write_barcode_to_image(creator, scale=1, add_quiet_zones=False))
    symbol = cv2.resize(modules, (446, 446), interpolation=cv2.INTER_NEAREST)
    image[200:646, 90:536] = np.where(symbol > 127, 240, 45)
    corners = np.array([[90, 200], [536, 200], [536, 646], [90, 646]], np.float32)
    return image, corners


def worn(
    crop: tuple[Image, NDArray[np.float32]], name: str, level: str, seed: int = 1
) -> tuple[Image, NDArray[np.float32]]:
    image, corners = wear.apply(*crop, name, level, np.random.default_rng(seed))
    assert corners is not None
    return image, corners


@pytest.mark.parametrize(("name", "level"), EVERY)
def test_every_level_changes_the_image_and_repeats_itself(
    crop: tuple[Image, NDArray[np.float32]], name: str, level: str
) -> None:
    before = crop[0].copy()
    image, corners = worn(crop, name, level)
    again, same = worn(crop, name, level)
    assert image.dtype == np.uint8
    assert image.ndim == 2
    assert corners.shape == (4, 2)
    assert np.array_equal(crop[0], before), "the given image is left alone"
    assert np.array_equal(image, again)
    assert np.array_equal(corners, same)
    assert image.shape != before.shape or not np.array_equal(image, before)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("skew", "light"),
        ("skew", "10deg"),
        ("perspective", "0.18"),
        ("turned", "90"),
        ("turned", "180"),
        ("turned", "270"),
        ("downscale", "75dpi"),
        ("scanner_border", "wide"),
        ("crop_top", "light"),
        ("phone", "1"),
    ],
)
def test_corners_follow_the_symbol(
    crop: tuple[Image, NDArray[np.float32]], name: str, level: str
) -> None:
    image, corners = worn(crop, name, level)
    (found,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    place = found.position
    seen = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
    points = np.array([(point.x, point.y) for point in seen])
    assert np.abs(points - corners).max() < 12


@pytest.mark.parametrize(("name", "level"), LIGHT)
def test_light_wear_leaves_the_symbol_readable(
    crop: tuple[Image, NDArray[np.float32]], name: str, level: str
) -> None:
    for seed in range(3):
        image, _ = worn(crop, name, level, seed)
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        assert [code.text for code in found] == [TEXT], f"seed {seed}"


def test_heavy_wear_often_costs_the_symbol(crop: tuple[Image, NDArray[np.float32]]) -> None:
    lost = 0
    for name, level in HEAVY:
        image, _ = worn(crop, name, level)
        lost += not zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    assert lost > len(HEAVY) / 2


@pytest.mark.parametrize("name", ["crop_left", "crop_right", "crop_bottom", "crop_top"])
def test_crops_lose_the_share_they_say(crop: tuple[Image, NDArray[np.float32]], name: str) -> None:
    image, corners = worn(crop, name, "0.3")
    height, width = image.shape
    x0, y0 = corners.min(axis=0)
    x1, y1 = corners.max(axis=0)
    lost = {"left": -x0, "right": x1 - width, "bottom": y1 - height, "top": -y0}
    assert lost[name.removeprefix("crop_")] == pytest.approx(0.3 * 446, abs=2)


def test_a_symbol_twice_as_large_is_worn_alike(crop: tuple[Image, NDArray[np.float32]]) -> None:
    large = (cv2.resize(crop[0], None, fx=2, fy=2).astype(np.uint8), crop[1] * 2)
    for level, readable in (("s3", True), ("s5", False)):
        image, _ = worn(large, "blur_gauss", level)
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        assert bool(found) is readable, level


@pytest.mark.parametrize("shape", [(6857, 628), (628, 628)])
def test_without_corners_none_come_back(shape: tuple[int, int]) -> None:
    blank = np.full(shape, 240, np.uint8)
    image, corners = wear.apply(blank, None, "blot_opaque", "0.1", np.random.default_rng(1))
    assert corners is None
    dark = np.argwhere(image < 100)
    assert len(dark) > 5_000
    if shape[0] > 1000:
        assert dark[:, 0].min() > 0.88 * shape[0], "the blot lies where a sheet has its symbol"


def test_unknown_wear_is_refused_with_what_there_is() -> None:
    blank, rng = np.full((100, 100), 240, np.uint8), np.random.default_rng(1)
    with pytest.raises(InputError, match="blur_gauss"):
        wear.apply(blank, None, "rain", "light", rng)
    with pytest.raises(InputError, match="light, 3deg"):
        wear.apply(blank, None, "skew", "90deg", rng)
