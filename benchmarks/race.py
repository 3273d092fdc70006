"""Time several ways of doing the same work side by side, and print how they compare."""

import time

__all__ = ["duration", "race", "table"]


def race(ways, rounds=50, seconds=0.003):
    """Return the seconds that a call of each way takes: the least over the rounds.

    In a round each way has its turn, in another order each time. Other work of the machine lengthens some turns, and hardly
    ever all turns of one way. A turn lasts `seconds` or more: a short call is repeated.

    Parameters
    ----------
    ways : dict of functions without arguments
    rounds : int
    seconds : float

    Returns
    -------
    dict of floats
    """
    calls = {name: _calls(way, seconds) for name, way in ways.items()}
    times, names = {name: [] for name in ways}, list(ways)
    for _ in range(rounds):
        for name in names:
            times[name].append(_turn(ways[name], calls[name]))
        names = names[1:] + names[:1]
    return {name: min(taken) for name, taken in times.items()}


def table(title, rows, **how):
    """Race the ways of each row, and print a Markdown table: the time of the first way, and how many times as long the
    others take. `rows` maps the label of a row to its ways."""
    names = list(dict.fromkeys(name for ways in rows.values() for name in ways))
    print(f"\n| {title} | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for label, ways in rows.items():
        times = race(ways, **how)
        ours = times[names[0]]
        others = [f"{times[name] / ours:.2f}" if name in times else "" for name in names[1:]]
        print(f"| {' | '.join([label, duration(ours), *others])} |", flush=True)


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
