"""How a wave is moved: Prefect flows, the `waves` command, the SMS client, the submission engine, the simulator."""
