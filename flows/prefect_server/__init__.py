"""The Prefect API that `waves submit` shows its run to: the configured one, a local one that runs, or one of its own.

Standard library only, but for the child process: a command starts its server before anything heavy is imported, and the server
comes up beside those imports (design 7).
"""
