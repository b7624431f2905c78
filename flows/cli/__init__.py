"""The `waves` command: a module per group of commands."""
