"""The submission engine: exactly one SMS task for each source server, and a true outcome, whatever breaks.

An ordinary asyncio library that knows no Prefect. From top to bottom:

- `wave_run` runs a wave: look, prepare, send, settle, verify;
- `submitter` takes one row through its life, `reconcile` says what is already there;
- `protocol` decides (pure): what an answer means, what a look shows, what comes next;
- `life` names the states of a row and the moves between them;
- `journal` keeps it durably, on the tables of `schema`;
- `throttle` holds the pace, `retry_rules` the patience.
"""
