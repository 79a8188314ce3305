"""Words and the channels that carry them."""
