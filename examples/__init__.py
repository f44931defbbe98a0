"""Things to try the desk with: a sample provider and sample mail. Not part of the installed program."""
