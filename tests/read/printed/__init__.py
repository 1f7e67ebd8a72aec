"""Reading the print."""
