"""Two weeks in the life of the sample provider, played through the same functions that people and machines use.

`story.toml` holds what people decide and why; `week.py` when mail arrives and people work; `mailbag.py` the mail;
`people.py` what each person does; `player.py` the clock that runs fast. Chance comes from one seeded generator, so
that the same seed and the same end give the same fortnight.
"""
