"""Invented elections, their sheets, and what wears them."""
