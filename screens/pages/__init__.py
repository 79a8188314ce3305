"""The main screens, a module each."""
