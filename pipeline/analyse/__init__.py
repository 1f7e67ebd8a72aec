"""Totals in, answers out: coverage, bounds, an estimate, comparison with other counts, integrity.

Votes are integers throughout. Shares and errors of estimates are floats, summed in a fixed order,
so that the same results give the same bytes.
"""
