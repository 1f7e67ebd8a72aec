"""Measurements that a stranger can repeat: `actas bench ...`."""
