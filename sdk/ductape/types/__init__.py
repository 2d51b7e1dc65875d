"""The shared vocabulary: what crosses the network, as pydantic types. Client and server use the very same ones."""
