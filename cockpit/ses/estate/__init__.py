"""Our own DKIM keys (BYODKIM): how old they are, what is ready, and what phase 7 is complete by."""
