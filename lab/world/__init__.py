"""The simulated world: computers, network, and what runs on them. Everything here is simulated."""
