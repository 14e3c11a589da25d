"""A simulated fleet of Cloud Connector appliances behind the real WinRM protocol. Everything here is simulated."""
