"""Many requests in one model at once: they join and leave between two decoding steps."""
