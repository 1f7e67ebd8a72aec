"""Answers in, publications out: the site."""
