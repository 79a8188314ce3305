"""Where domains and the records that they must have are written down already: CSV files, terraform's JSON."""
