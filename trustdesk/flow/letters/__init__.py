"""Letters: what the desk writes to reporters and customers, in their language, as text and as HTML.

`compose(kind, language, facts)` is pure: same facts, same letter. Sending is `trustdesk.flow.notify`'s.
"""

from trustdesk.flow.letters.check import check
from trustdesk.flow.letters.composing import KINDS, LANGUAGES, Composed, compose
from trustdesk.flow.letters.facts import LetterFacts, LetterMeasure

__all__ = ["KINDS", "LANGUAGES", "Composed", "LetterFacts", "LetterMeasure", "check", "compose"]
