"""The lake: what the journal says, as a star schema in partitioned Parquet that any engine can read."""
