"""The submission engine: exactly one SMS task for each source server, and a true outcome, whatever breaks.

An ordinary asyncio library that knows no Prefect. From top to bottom:

- `wave_run` runs a wave: look, take up, verify; `preview` says what it would do; `survey` is the look that both share;
- `submitter` takes one row through its life, `reconcile` says where it starts, `settling` looks until it is certain;
- `protocol` decides (pure): what an answer means, what a look shows, what comes next; `endings` puts it into words;
- `life` names the states of a row and the moves between them, `durable_row` writes each of them down;
- `journal` keeps `records` durably, by `statements` on the tables of `schema`, in a `database`;
- `throttle` holds the pace, `retry_rules` the patience.
"""
