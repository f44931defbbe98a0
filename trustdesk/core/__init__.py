"""Pure rules of the desk: standard library only, no I/O, never reads a clock."""
