"""Trustdesk: the desk on which providers of internet infrastructure do their trust and safety work."""

__version__ = "0.1.0"
