"""Reports on a week, month or quarter: what they hold for whom, and how they are drawn."""
