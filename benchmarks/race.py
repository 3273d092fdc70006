"""Time several ways of doing the same side by side."""

import statistics
import time

__all__ = ["race", "row"]


def race(ways, rounds=15, seconds=0.01):
    """Return the seconds a call of each way took, round by round.

    Parameters
    ----------
    ways : dict of functions without arguments
        The same work, done by each.
    rounds : int
        In a round each has its turn, in another order each time, so that what else the machine does falls on all.
    seconds : float
        How long a turn lasts at least: a short call is repeated.

    Returns
    -------
    dict of lists, one entry a round
    """
    calls = {name: _calls(way, seconds) for name, way in ways.items()}
    times, names = {name: [] for name in ways}, list(ways)
    for _ in range(rounds):
        for name in names:
            times[name].append(_turn(ways[name], calls[name]))
        names = names[1:] + names[:1]
    return times


def _calls(way, seconds):
    way()
    calls = 1
    while (taken := _turn(way, calls) * calls) < seconds:
        calls = max(2 * calls, int(calls * seconds / max(taken, 1e-9)))
    return calls


def _turn(way, calls):
    start = time.perf_counter()
    for _ in range(calls):
        way()
    return (time.perf_counter() - start) / calls


def row(name, times, ours):
    """Return a line of a table: how many times as long as ours a way took, median, least and most; and its time."""
    ratios = [theirs / own for theirs, own in zip(times[name], times[ours], strict=True)]
    taken = statistics.median(times[name])
    unit, scale = next((u, s) for u, s in (("s", 1), ("ms", 1e3), ("µs", 1e6)) if taken * s >= 1 or u == "µs")
    return (
        f"{statistics.median(ratios):6.2f}  {min(ratios):6.2f} ... {max(ratios):6.2f}  {taken * scale:8.1f} {unit:2}  {name}"
    )
