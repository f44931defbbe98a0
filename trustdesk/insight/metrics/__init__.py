"""The metrics, each defined once: what it counts, in words and as an Ibis expression over the facts of the lake.

Every report, chart, board and answer of the API that shows a number takes it from here, whether the facts were made a
moment ago from the journal or lie in a lake of years. `docs/use/metrics.md` is made from `catalogue.METRICS`.
"""
