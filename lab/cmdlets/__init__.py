"""What the simulated cmdlets do, one package or module per family; each gives a `Registry`."""
