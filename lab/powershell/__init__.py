"""What answers the bridge's requests without any PowerShell, exactly as a PowerShell would. Everything here is simulated."""
