"""The doors by which mail and files come in. Every door hands what it got to `flow.receive` and answers afterwards."""
