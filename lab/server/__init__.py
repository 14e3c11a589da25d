"""The simulated fleet as a server: its clock, WinRM hosts, control API and inventory, and running all of it as a process."""
