"""Mark notebooks that students have handed in: which exercises are solved?

make mark ARGS=FOLDER, or python -m tools.marking [--into FOLDER] NOTEBOOK_OR_FOLDER ...

Each notebook is run in a process of its own, with limits. What it must not be able to do, and what it still can,
is written in docs/instructors.md: mark the work of strangers on a machine, or as a user, with nothing to lose.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import secrets
import sys
import threading

from tools.marking import report
from tools.marking.children import adopt_orphans
from tools.marking.process import Stopped, perform
from tools.marking.submissions import find, read

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["GRADIENTS_BY_HAND_WORKER"] = "1"  # this process runs no answers, so helpers.check needs no worker


def main(args):
    parser = argparse.ArgumentParser(prog="make mark", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("paths", nargs="+", type=pathlib.Path, metavar="NOTEBOOK_OR_FOLDER")
    parser.add_argument("--into", type=pathlib.Path, metavar="FOLDER", help="where the marks go (build/marks/NAME)")
    options = parser.parse_args(args)
    if missing := [path for path in options.paths if not path.exists()]:
        parser.error(f"there is no {missing[0]}")
    submissions = [read(*found) for path in options.paths for found in find(path)]  # all, before anything is run
    if not submissions:
        parser.error(f"there is no notebook in {options.paths[0]}")
    into = options.into or ROOT / "build" / "marks" / (options.paths[0].resolve().stem or "all")
    adopt_orphans()
    marks, whole = _mark_all(submissions, into)
    print("\n" + report.table(marks))
    if not all(mark.protected for mark in marks):
        print(
            "\nOn this system nothing kept the submissions from each other's files. On Linux 5.13 and newer, Landlock does."
        )
    print(f"\nPoints: {into / 'marks.csv'}\nFeedback: {into / 'feedback'}", flush=True)
    if not whole:
        print(f"Stopped: {len(submissions) - len(marks)} of {len(submissions)} files are not marked.", file=sys.stderr)
    return 0 if whole else 130


def _mark_all(submissions, into):
    """Return the marks of all submissions, and whether they are complete: Ctrl-C keeps those that are there."""
    from tqdm import tqdm

    marks, taken, stop, seed = [], set(), threading.Event(), secrets.randbits(64)
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)
    waiting = {pool.submit(_perform, submission, seed, stop): submission for submission in submissions}
    progress = tqdm(total=len(submissions), unit="file", file=sys.stderr, disable=None)
    try:
        while waiting:
            done, _ = concurrent.futures.wait(waiting, timeout=0.5, return_when="FIRST_COMPLETED")
            for future in done:
                mark = _marks(waiting.pop(future), future, seed)
                marks.append(mark)
                report.write_feedback(into / "feedback", mark, taken)
                report.write_csv(into / "marks.csv", marks)
                tqdm.write(mark.line(), file=sys.stdout)
                sys.stdout.flush()
                progress.update()
    except KeyboardInterrupt:
        return marks, False
    finally:
        progress.close()
        stop.set()
        pool.shutdown(cancel_futures=True)
    return marks, True


def _perform(submission, seed, stop):
    return None if submission.problem else perform(_steps(submission), _names(submission), seed, stop)


def _names(submission):
    return {name: candidates for name, (candidates, _) in submission.checks.items()}


def _steps(submission):
    """Return what to do: run the cells, and try each answer where its check is."""
    steps = []
    for k, cell in enumerate(submission.cells):
        steps.append(("cell", cell))
        steps += [("answer", name) for name, (_, after) in submission.checks.items() if k in after]
    return steps


def _marks(submission, future, seed):
    """Return the Marks of a submission, whatever has happened to it."""
    from tools.marking.judge import judge

    if submission.problem:
        return report.Marks(submission.name, {}, {}, [submission.problem])
    try:
        outcome = future.result()
    except (Stopped, concurrent.futures.CancelledError):
        raise KeyboardInterrupt from None
    except Exception as error:  # a disk that is full, too many open files
        return report.Marks(submission.name, {}, {}, [f"could not be run: {error}"])
    steps = _steps(submission)
    cells = {k: what for k, (kind, what) in enumerate(steps) if kind == "cell"}
    verdicts = dict.fromkeys(submission.checks)
    for k, (observations, ended) in sorted(outcome.observations.items()):
        name = steps[k][1]
        if (observations or ended) and not verdicts[name]:
            verdicts[name] = judge(name, observations, ended, seed, cells)
    answers = {name: _source(candidates, submission.cells) for name, (candidates, _) in submission.checks.items()}
    numbers = {k: number for number, k in enumerate(cells, start=1)}
    remarks = [f"code cell {numbers[k]}: {error}" for k, error in sorted(outcome.errors.items()) if k in numbers][:3]
    return report.Marks(submission.name, verdicts, answers, remarks, outcome.protected)


def _source(candidates, cells):
    """Return the last cell that defines an answer."""
    names = "|".join(map(re.escape, filter(None, candidates)))
    return next((cell for cell in reversed(cells) if re.search(rf"^(?:def +)?(?:{names}) *[=(]", cell, re.MULTILINE)), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
