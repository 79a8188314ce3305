"""What must not be lost: rows and bytes, without meaning. Knows nothing of the other packages."""
