"""Real WinRM (WS-Management over HTTP and HTTPS) in front of simulated computers.

The protocol is real and answers unmodified clients; the computer behind it is a `Machine` and simulated.
What the clients insist on is in winrm.md.
"""
