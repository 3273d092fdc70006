"""Time several ways of doing the same work side by side, and print how they compare."""

import statistics
import time

__all__ = ["cell", "duration", "race", "table"]


def race(ways, rounds=15, seconds=0.01):
    """Return the seconds that a call of each way took, one entry a round.

    In a round each way has its turn, in another order each time, so that other work of the machine slows all alike. A turn
    lasts `seconds` or more: a short call is repeated.

    Parameters
    ----------
    ways : dict of functions without arguments
    rounds : int
    seconds : float

    Returns
    -------
    dict of lists
    """
    calls = {name: _calls(way, seconds) for name, way in ways.items()}
    times, names = {name: [] for name in ways}, list(ways)
    for _ in range(rounds):
        for name in names:
            times[name].append(_turn(ways[name], calls[name]))
        names = names[1:] + names[:1]
    return times


def table(title, rows, **how):
    """Race the ways of each row, and print a Markdown table: the time of the first way, and how many times as long the
    others take. `rows` maps the label of a row to its ways."""
    names = list(dict.fromkeys(name for ways in rows.values() for name in ways))
    print(f"\n| {title} | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for label, ways in rows.items():
        times = race(ways, **how)
        ours = times[names[0]]
        others = [cell(times[name], ours) if name in times else "" for name in names[1:]]
        print(f"| {' | '.join([label, duration(statistics.median(ours)), *others])} |", flush=True)


def cell(theirs, ours):
    """Return how many times as long as ours theirs took: the median over the rounds, the least and the most."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def duration(seconds):
    unit, scale = next((u, s) for u, s in (("s", 1), ("ms", 1e3), ("µs", 1e6)) if seconds * s >= 1 or u == "µs")
    return f"{seconds * scale:.1f} {unit}"


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
