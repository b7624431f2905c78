"""A rehearsal: the whole programme of a plan, in this process, on a clock that jumps from one event to the next.

An ordinary asyncio library that knows no Prefect. What is under rehearsal is the engine itself, with its client, its journal
and its pace; what is simulated is the other side of the wire, the wire, the time, and the people.

- `programme` plays the waves at their times and makes the record of it that inventory/rehearsal_report.py shows;
- `world` is what there is: the simulated SMS, the way to it (`network`), the journal (`memory_journal`), the `clock` and that of
  whoever looks again and again (`poll_clock`), on the loop of `virtual_time`;
- `trouble` says what goes wrong and how often, `people` what those do who approve and type commands;
- `wave_night` takes one wave through its night, `bystanders` keep what would have been said, `account` tells how it went.
"""
