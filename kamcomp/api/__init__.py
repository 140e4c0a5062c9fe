"""The REST interface: how a program is known, asks, is answered and refused; each app declares its resources."""
