"""The submission engine: exactly one SMS task for each source server, and a true outcome, whatever breaks.

An ordinary asyncio library that knows no Prefect. From top to bottom:

A run
- `wave_run` runs a wave: look, take up, `verify`; `preview` says what it would do; `survey` is the look that both share, `identify`
  says which source server a row means, `shipment` is what is sent for it;
- `desk` is what the rows of a run share, `clock` its time, `events` what it tells and how it is stopped, `sightings` what it saw;
- `intake` takes rows up, each under the lease that `holding` has for it; `gate` lets nothing new out by the rules of `stop_rules`.

A row
- `submitter` takes one row through its life, `reconcile` says where it starts, `settling` looks until it is certain;
- `protocol` decides (pure): what an answer means, what a look shows, what comes next; `retry_rules` are its patience;
- `life` names the states of a row and the moves between them, `durable_row` writes each of them down;
- `endings` puts its outcome into words, `drift` what sheet and task say otherwise, `run_findings` what no outcome says.

The journal
- `journal` keeps `records` durably, for many rows at a time by `group_commit`; `history` and `decisions` tell what it holds;
- `leases` keeps runs apart, by the time of `lease_clock`; `wave_key` names a wave for what others keep of it;
- `statements` and `lease_statements`, on the tables of `schema`, go many at once by `bulk` to a `database`: `sqlite_database` or
  `postgres_database`.

The pace
- `throttle` holds it, by the `pace_limits`; `pace_story` tells of it;
- `pace_shared` shares it with other processes, through the slots that `pace_statements` reserves in the journal.
"""
