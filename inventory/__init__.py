"""What is to be moved, and what became of it: pure data, no network, no Prefect, nothing of `flows`."""
