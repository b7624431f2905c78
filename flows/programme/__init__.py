"""The programme: all waves of a plan at a glance, what people and monitors are told of them, and drift between sheet and cloud.

Plain asyncio, no Prefect.

- `gather` looks once at SMS and at the journal, for all waves; `wave_line` is what it finds of a wave, judged (pure);
- `drift` holds the sheet against the cloud (pure);
- `metrics` tells it to Prometheus; `webhook` tells people, each thing once.
"""
