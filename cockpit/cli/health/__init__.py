"""Commands that look: at domains, at their past, and at what should be."""
