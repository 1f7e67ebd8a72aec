"""The counting pipeline: pure functions from scans to totals, knowing no engine and no terminal."""
