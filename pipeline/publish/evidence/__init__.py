"""Images of sheets that may be shown: without what people wrote on them, without any metadata.

A scan is decoded, its members' boxes are found, and what may name anybody is painted over before
anything else is done with the pixels. What is not found for sure is withheld, and the reason told.
"""
