"""Operating a wave's tasks: start, stop, restart, sync, cutover, delete, speed; each performed once, whatever breaks.

An ordinary asyncio library that knows no Prefect. It is called by one function, with everything passed in:

    desk = ActDesk.open(order, client=..., journal=..., throttle=..., clock=..., random=..., watcher=..., stop=...)
    result = await operate(desk)

`ActionOrder` (orders) says what is wanted for which rows, `ActionResult` what became of each; `preview(desk)` says what would.
`start` stays until every server is started or the window ends; the others end when each row has its result. With `order.run_id` it
is done under a run that is alive in the journal already; else the order is a run of its own, of the operation's name.

From top to bottom:

- `operate` carries out an order; `desk` is what its servers share, `whose` finds each row's task;
- `starter` starts servers as places come free: `places` is its rule (pure), `turn` keeps starters of one account apart;
- `task_life` takes one task through one operation, `endings` puts its result into words;
- `operations`, `moves` (pure) say what may be sent from which state, `evidence` (pure) what a look proves of a lost answer, `speed`
  (pure) what becomes of the speed rules that are there;
- `action_records` and `action_log` are the journal's table `action`: every intent is durable before its first byte.
"""
