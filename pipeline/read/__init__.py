"""One scan in, one record out."""
