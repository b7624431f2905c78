"""Plans to try things on, each beside the script that makes it."""
