"""SMS v3 on localhost: a real HTTP server with state, validation, both authentications, throttling and faults.

The other side of the wire: it imports nothing of the client or of the engine, and judges every request by the public page alone.
`core` is the service without HTTP, `wire` puts it on HTTP, `server` runs it, `options` says how. This module imports none of them.
"""
