"""Ways to run this project's flows from Prefect; see README.md."""
