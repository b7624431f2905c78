"""Tracking: every task of an account by one listing a look, what changed since, and when each server will be done.

An ordinary asyncio library that knows no Prefect. What others call:

- `look.look(client, clock, wanted_ids) -> Look`: one look at the account. `Look.tasks[task_id]` is a `TaskSight` (flows.sms):
  state, progress, speed, error, times, `is_offline`. `Look.gone` are wanted ids that SMS says do not exist, `Look.unseen` those
  that nobody could ask for this time; `Look.of_source(id)` a source's tasks. One call for 190 tasks. Raises an SmsError.
- `standing.standing_of(state) -> Standing`: who has to do something next: waiting for us, waiting for SMS, running, syncing, done,
  failed, gone, no task, unknown. `standing.reaches(goal, standing, sync_progress)`; goals: started, migrated, synced, done.
- `tracker.track(order, desk) -> TrackResult`: follow a wave until its goal; `TrackResult.picture` is the last picture, `.stop` why
  it was stopped. `tracker.Tracker(order, desk)`: the same, one `await poll() -> Picture` at a time, for who has a loop of his own;
  `Picture.next_in` is when the next look is due, `tracker.is_over(picture)` whether anything is left to wait for. A `Tracker`
  writes its sights to the journal and tells `desk.watcher`. Several share a look by `begin`, `wanted` and `take_in`.
- `picture.Picture`: `.servers` (a `ServerView` each: state, standing, progress, speed, error, advice, `ends_at`, `late_seconds`),
  `.standings`, `.states`, `.late`, `.lost`, `.reached`, `.is_reached`, `.throughput_mbps`, `.line()`, `.as_json()`.
- `sights.traces(connection, account, plan_name, wave)`: what was last seen of tasks, from the journal alone, as `Trace`s by id.
- `notices.Notices(journal, account, plan_name, wave).unsaid(kind, keys, at)`: those that nobody has said yet; they are said then.
- `observations.observed(connection, account, now)`: what forecasts learn from the sights.
- `wall_page.WallPage(path, say)`: a watcher that writes the page for a wall screen at each look.

`TrackOrder` is what is wanted (plan, wave, rows, account, goal, interval, forecast), `TrackDesk` what is worked with (client,
journal, clock, watcher, stop signal, the bucket of reads): everything is passed in. `flows.track_job` makes both of a plan's file.

Inside: `crew` says which task is whose, `trace` what became of it, `outlook` when it will end, by the forecast's model begun anew
from how things stand, `shares` what each copy is due of the line, `polling` when to look next, `events` what watchers are told,
`sights` and `notices` keep it all in the journal.
"""
