"""Records in, totals out."""
