"""Transparency towards the public: the harmonised report of the DSA, its checker, and what is counted for both."""
