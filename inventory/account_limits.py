"""What an account of SMS may, by default: the one place that checks, forecasts, the template and the settings take it from.

Reads nothing. Source: MgC's FAQ mgc_04_6310 (facts 10); `SMS_MAX_RUNNING` says otherwise where an account's limit was raised.
"""

from __future__ import annotations

MOST_RUNNING = 100
"""How many servers an account migrates at once (a page of SMS has 1,000, facts 9)."""

MOST_SOURCES = 1000
"""How many source servers an account holds."""
