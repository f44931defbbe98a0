"""What is out of the ordinary, and what to expect: by rules that are named in the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

#: A forecast from fewer complete periods than this would be a guess, and is not made.
NEEDED = 16
#: So many periods of the past are learnt from.
LEARNT = 104
CONFIDENCE = 0.8
LOOKED_BACK = 12
AT_LEAST = 8
WIDTH = 3.5
RULE = (
    f"further than {WIDTH} robust standard deviations (1.4826 times the median absolute deviation, and never less than the "
    f"square root of the median or 1) from the median of the last {LOOKED_BACK} periods; at least {AT_LEAST} are needed"
)
METHOD = "exponential smoothing with a damped trend and additive errors (statsmodels ETS, A-Ad-N)"


def forecast(history: Sequence[int]) -> dict[str, Any]:
    """The next value of `history` (complete periods, oldest first): {"possible", "reason", "expected", "low", "high", ...}."""
    known = {"method": METHOD, "confidence": CONFIDENCE, "periods": len(history)}
    empty = {"expected": None, "low": None, "high": None}
    if len(history) < NEEDED:
        reason = f"{len(history)} complete periods are known, {NEEDED} are needed"
        return {"possible": False, "reason": reason} | empty | known
    if len(set(history)) == 1:  # nothing to learn from, and nothing that a model adds
        return {"possible": True, "reason": ""} | dict.fromkeys(empty, history[0]) | known
    import warnings

    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    values = pd.Series(history[-LEARNT:], dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stopped early still gives a forecast with an interval
        fitted = ETSModel(values, error="add", trend="add", damped_trend=True).fit(disp=False)
        said = fitted.get_prediction(start=len(values), end=len(values))
        low, high = (float(x) for x in said.pred_int(alpha=1 - CONFIDENCE).iloc[0])
        middle = float(said.predicted_mean.iloc[0])
    whole = {"expected": middle, "low": low, "high": high}
    return {"possible": True, "reason": ""} | {name: max(round(v), 0) for name, v in whole.items()} | known


def anomalies(now: Mapping[str, int], past: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """The keys of `now` that RULE calls out of the ordinary, against `past` (complete periods, oldest first)."""
    past = past[-LOOKED_BACK:]
    if len(past) < AT_LEAST:
        return []
    found = []
    for name in sorted({*now, *(key for one in past for key in one)}):
        seen = [one.get(name, 0) for one in past]
        middle = median(seen)
        spread = max(1.4826 * median(abs(n - middle) for n in seen), middle**0.5, 1.0)
        value = now.get(name, 0)
        if abs(value - middle) > WIDTH * spread:
            found.append({"name": name, "value": value, "usual": middle, "low": max(round(middle - WIDTH * spread), 0),
                          "high": round(middle + WIDTH * spread)})  # fmt: skip
    return sorted(found, key=lambda one: (-abs(one["value"] - one["usual"]), one["name"]))
