"""Ways to run `submit-wave` from Prefect; see README.md."""
