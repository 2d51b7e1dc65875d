"""A product as a file: exported without secrets, applied until the server says the same."""
