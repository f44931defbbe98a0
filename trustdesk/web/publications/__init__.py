"""The public transparency page: figures, every version of every public report, and how to check them."""
