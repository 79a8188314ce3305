"""Remedies that change who watches, and how closely: alarm actions, and a closer look for a while."""
