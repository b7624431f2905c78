"""The client of SMS v3: signs, sends, judges and pages. Knows no wave, no journal and no Prefect; called by `flows.submission`."""
