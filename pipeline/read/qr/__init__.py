"""Reading the QR symbol of a sheet."""
