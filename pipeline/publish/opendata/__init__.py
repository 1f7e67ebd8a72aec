"""The open data: every mesa, every total and every scan's hash, with the script that checks them.

The same results give the same bytes, wherever the scans lay and whenever it is written: there is no
clock, no folder and no machine in them. What each file holds: docs/open-data.md.
"""
