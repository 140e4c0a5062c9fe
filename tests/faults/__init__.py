"""What happens when processes die, messages are lost or doubled, and leases run out: never a cent."""
