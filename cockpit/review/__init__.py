"""The record afterwards: post-mortem text, metrics tables and exports."""
