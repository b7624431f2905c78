"""Other tools' inventories as plans: one module a format, one declarative table each of what every column becomes."""
