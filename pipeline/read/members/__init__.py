"""The boxes that the members of a table sign: where they are, whether there is ink in them, and
how to paint them over. Nothing that people wrote there is read, kept or told."""

from pipeline.read.members.block import Members, affine_below
from pipeline.read.members.find import find_members
from pipeline.read.members.ink import ink_in_boxes
from pipeline.read.members.paint import MaskError, handwriting_places, mask

__all__ = [
    "MaskError", "Members", "affine_below", "find_members", "handwriting_places",
    "ink_in_boxes", "mask",
]  # fmt: skip
