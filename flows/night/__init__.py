"""The night of a wave: its path from preflight to report, with the gates on it, each step written down in the journal.

Plain asyncio, no Prefect: the flow `run-wave` and the command line run the same path.

- `walk` walks a wave along its path, by the `Hands` that do what each stage is;
- `path` says which stages a wave goes through, and in which order; `stages` keeps how far it is;
- `criteria` judges (pure) whether a wave may be cut over; `approvals` keeps who decided so, when, on which figures.
"""
