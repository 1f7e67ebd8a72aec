"""The print of a sheet: where each row stands on a scan, what it says, whether that is proven."""
