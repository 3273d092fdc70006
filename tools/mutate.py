"""Change helpers in thousands of small ways, one at a time, and see which changes no test notices.

python tools/mutate.py [--jobs N] [--again] [--one-in N] [BEGINNING_OF_A_NAME ...]

The changes are those of cosmic-ray's operators (OPERATORS below). Coverage has told which tests and which pages run
a line: a mutant of that line is given to these tests, the quickest first, in a process forked off; and if it outlives
them, to the pages, by nbval. Results are kept in build/mutants/, so that a run that was stopped goes on where it was.
Linux and macOS only: it forks.
"""

import argparse
import ast
import collections
import contextlib
import functools
import gc
import hashlib
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELPERS = ROOT / "helpers"
BUILD = ROOT / "build" / "mutants"
SURVIVORS = ROOT / "tests" / "survivors.toml"
ENOUGH = 0.95  # of the mutants are to be killed
PAGES = 1  # that a mutant is given to, the quickest
SECONDS = 20  # of tests, as they took unchanged, that a mutant is given to; but
# where lines run in processes of their own, which coverage does not see into, and tests wait for what does not end:
APART = {"helpers/check/answers.py": 120, "helpers/check/apart.py": 120}
# Tests that start processes of their own, where the helpers are unchanged, or that ask nothing of helpers.
ELSEWHERE = set(
    "accessibility benchmarks course faults jupyterlab machines net promises security setup student tampers tools".split()
)
# Of the operators that differ in little one is taken: + for -, and not for each other sign, too.
OPERATORS = re.compile(
    r"""core/(
    ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Div|Mod_Mul|BitAnd_BitOr|BitOr_BitAnd|LShift_RShift)
    |ReplaceComparisonOperator_(Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)
    |ReplaceUnaryOperator_Delete_(Not|USub|Invert)|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr
    |ReplaceOrWithAnd|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ExceptionReplacer|NumberReplacer|RemoveDecorator
    |ZeroIterationForLoop)""",
    re.VERBOSE,
)

Mutant = collections.namedtuple("Mutant", "module operator occurrence line")


def main(*args):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--again", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="take a sample, the same each time")
    parser.add_argument("parts", nargs="*", help="how the names of modules begin: diagnosis, plots/")
    asked = parser.parse_args(args)
    BUILD.mkdir(parents=True, exist_ok=True)
    modules = [str(path.relative_to(ROOT).as_posix()) for path in sorted(HELPERS.rglob("*.py"))]
    modules = [module for module in modules if module.removeprefix("helpers/").startswith(tuple(asked.parts or [""]))]
    record = BUILD / "results.jsonl"
    if asked.again:
        record.unlink(missing_ok=True)
    mutants = [mutant for module in modules for mutant in mutants_of(module)]
    mutants = [mutant for mutant in mutants if zlib.crc32(repr(mutant).encode()) % asked.one_in == 0]
    if not mutants:
        parser.error(f"no module of helpers with anything to change begins with {' or '.join(asked.parts)}")
    state = _state("helpers", "tests", "notebooks")
    known = _known(record, state)
    todo = [mutant for mutant in mutants if _key(mutant) not in known]
    if todo:
        where = _coverage()
        preload()
        for result in judge_all([Mutant(module, "none", 0, 0) for module in modules[:1]], where, asked.jobs):
            if result["outcome"] != "survived":
                sys.exit(f"{result} without any mutation.")
        with record.open("a", encoding="utf-8") as file:
            for number, result in enumerate(judge_all(todo, where, asked.jobs), start=1):
                if result["outcome"] == "not judged":
                    sys.exit(f"{result['mutant']} cannot be judged: {result['why']}")
                file.write(json.dumps(result | {"key": _key(result["mutant"]), "state": state}) + "\n")
                file.flush()
                if number % 50 == 0:
                    print(f"  {number} of {len(todo)}", flush=True)
        known = _known(record, state)
    return report([known[_key(mutant)] for mutant in mutants], whole=not asked.parts and asked.one_in == 1)


# -- the mutants ------------------------------------------------------------------------------


def mutants_of(module):
    """Return the Mutants of a module, cosmic-ray's."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    source = (ROOT / module).read_text("utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    found = []
    for name in filter(OPERATORS.fullmatch, plugins.operator_names()):
        operator = plugins.get_operator(name)()
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        step = 2 if name.endswith("NumberReplacer") else 1  # 1 more, and not 1 less, too
        found += [Mutant(module, name, k, positions[k][0][0]) for k in range(0, len(positions), step)]
    lines = source.splitlines()
    alike = "core/ReplaceUnaryOperator_Delete_USub"  # of a matrix axis 1 is axis -1; that -2 is another is tried
    found = [mutant for mutant in found if mutant.operator != alike or "axis=-1" not in lines[mutant.line - 1]]
    guard = "core/ReplaceTrueWithFalse"  # a zip that is strict speaks up only where something else is wrong already
    found = [mutant for mutant in found if mutant.operator != guard or "strict=True" not in lines[mutant.line - 1]]
    return sorted(found, key=lambda mutant: (mutant.line, mutant.operator, mutant.occurrence))


def mutated(mutant):
    """Return the source of a module with one mutation."""
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    if mutant.operator == "none":
        return (ROOT / mutant.module).read_text("utf-8")
    source = (ROOT / mutant.module).read_text("utf-8")
    return mutate_code(source, plugins.get_operator(mutant.operator)(), mutant.occurrence)


def changed(mutant, source):
    """Return the first line that a mutation changed, before and after."""
    if mutant.operator == "none":
        return "", ""
    before, after = (ROOT / mutant.module).read_text("utf-8").splitlines(), source.splitlines()
    if mutant.operator.endswith("RemoveDecorator"):
        return before[mutant.line - 1].strip(), ""
    k = next(k for k, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    return before[k].strip(), after[k].strip()


# -- which tests and pages run a line -------------------------------------------------------------


class Lines:
    """What each test and page takes, {name: seconds}, and what runs each line, {module: {line: [numbers of names]}}."""

    def __init__(self, lines, seconds):
        self.lines, self.seconds = lines, seconds
        self.killed = collections.Counter()  # {(module, test): how many mutants it did}: those are asked first

    def of(self, mutant):
        """Return the tests and the pages to show a mutant to. A line that runs at import is every test's."""
        lines, known = self.lines.get(mutant.module, {}), list(self.seconds)
        first, last = statement(mutant.module, mutant.line)  # a condition may cut it short
        names = {k for line in range(first, last + 1) for k in lines.get(str(line), ()) if mutant.module not in APART}
        names = names or {k for some in lines.values() for k in some}
        names = [known[k] for k in names]
        tests = sorted((name for name in names if "::" in name), key=self.seconds.get)
        total, chosen, most = 0.0, [], APART.get(mutant.module, SECONDS) if mutant.line else 5
        for name in tests:
            total += self.seconds[name]
            if total < most:
                chosen.append(name)
        chosen.sort(key=lambda name: self.seconds[name] / (1 + self.killed[mutant.module, name]))
        pages = sorted((name for name in names if name.endswith(".ipynb")), key=self.seconds.get)
        return chosen, pages if mutant.module.endswith("figures.py") else pages[:PAGES]  # a style shows on some only


@functools.cache
def _statements(module):
    """Return (first line, last line) of each statement of a module; of those with a body, of their heads."""
    spans = []
    for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))):
        if isinstance(node, ast.stmt):
            first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            last = node.body[0].lineno - 1 if getattr(node, "body", None) else node.end_lineno
            spans.append((first, max(first, last)))
    return spans


def statement(module, line):
    """Return the first and the last line of the smallest statement that a line belongs to."""
    spans = [(first, last) for first, last in _statements(module) if first <= line <= last]
    return min(spans, key=lambda span: span[1] - span[0], default=(line, line))


def _coverage():
    """Return Lines of helpers as they are now. Tests that have come since are not among them."""
    path = BUILD / f"coverage-{_state('helpers')}.json"
    if not path.exists():
        print("Which tests run which lines?", flush=True)
        for old in BUILD.glob("coverage-*.json"):
            old.unlink()
        subprocess.run([sys.executable, __file__, "--cover", path], cwd=ROOT, check=True)
    return Lines(**json.loads(path.read_text("utf-8")))


def cover(path):
    """Run the tests and the pages under coverage, and write down which line each of them runs."""
    import coverage
    import pytest

    cover = coverage.Coverage(data_file=None, include=[f"{HELPERS}/*"], config_file=False)
    seconds, failed = {}, set()

    class Contexts:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item):
            cover.switch_context(item.nodeid)
            start = time.perf_counter()
            yield
            seconds[item.nodeid] = time.perf_counter() - start
            cover.switch_context("")
            return True

        def pytest_runtest_logreport(self, report):
            if report.failed:  # some watch threads and clocks, and bear no tracing
                failed.add(report.nodeid)

    cover.start()
    pytest.main([*PYTEST[1:], *test_files()], plugins=[Contexts()])
    if len(failed) > 20:
        sys.exit(f"{len(failed)} tests fail without any mutation.")
    for page in sorted((ROOT / "notebooks").glob("*.ipynb")):
        name = page.relative_to(ROOT).as_posix()
        cover.switch_context(name)
        start = time.perf_counter()
        run_page(page)
        seconds[name] = time.perf_counter() - start
    cover.stop()
    failed = {name for name in failed if _fails_untraced(name)}
    data, lines, number = cover.get_data(), {}, {name: k for k, name in enumerate(seconds)}
    for file in data.measured_files():
        name = pathlib.Path(file).relative_to(ROOT).as_posix()
        contexts = data.contexts_by_lineno(file)
        lines[name] = {line: [number[n] for n in set(names) - failed - {""}] for line, names in contexts.items()}
    path.write_text(json.dumps({"lines": lines, "seconds": seconds}), "utf-8")


def _fails_untraced(name):
    return subprocess.run([sys.executable, "-m", "pytest", *PYTEST, name], cwd=ROOT, check=False).returncode != 0


def run_page(page):
    """Run the code of a notebook in this process."""
    import IPython.display

    IPython.display.display = lambda *_, **__: None
    names = {"__name__": "__main__"}
    os.chdir(page.parent)
    for cell in json.loads(page.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            with contextlib.redirect_stdout(None):
                exec(compile("".join(cell["source"]), str(page), "exec"), names)
    os.chdir(ROOT)


PYTEST = ["-x", "-q", "--no-header", "--tb=no", "--doctest-modules", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
PYTEST += [f"-pno:{plugin}" for plugin in ("cacheprovider", "unraisableexception", "threadexception")]


def test_files():
    tests = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if path.stem[5:] not in ELSEWHERE]
    return [str(path.relative_to(ROOT)) for path in tests] + ["helpers"]


# -- judging -------------------------------------------------------------------------------------------


def judge_all(todo, where, jobs):
    """Yield a result for each mutant, judged in a process of its own, `jobs` at once."""
    todo, running = collections.deque(todo), {}
    while todo or running:
        while todo and len(running) < jobs:
            mutant = todo.popleft()
            tests, pages = where.of(mutant)
            limit = 20 + 4 * sum(where.seconds[name] for name in (*tests, *pages)) + 20 * len(pages)
            answer = tempfile.TemporaryFile()  # noqa: SIM115  closed below, when the child has ended
            pid = os.fork()
            if pid == 0:
                _child(mutant, tests, pages, where.seconds, answer)
            running[pid] = (mutant, answer, time.monotonic() + limit)
        time.sleep(0.01)
        for pid, (mutant, answer, end) in list(running.items()):
            late = time.monotonic() > end
            ended, status = os.waitpid(pid, os.WNOHANG)
            if late or ended:
                late = late or status == signal.SIGALRM
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)  # and what it started
                if not ended:
                    os.waitpid(pid, 0)
                del running[pid]
                answer.seek(0)
                said = json.loads(answer.read() or b"{}")
                result = {"mutant": mutant, "outcome": "killed by the clock" if late else "killed by a crash", **said}
                where.killed[mutant.module, result["outcome"].removeprefix("killed by ")] += 1
                yield result
                answer.close()


def _child(mutant, tests, pages, known, answer):
    """Judge one mutant; never return."""
    import resource

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "mutants"}
    start = time.monotonic()
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))  # a mutant may ask for any memory
    try:
        source = mutated(mutant)
        before, after = changed(mutant, source)
        said = {"before": before, "after": after, "outcome": _outcome(mutant, source, tests, pages, known)}
    except BaseException:
        said = {"outcome": "not judged", "why": traceback.format_exc()}
    said["seconds"] = round(time.monotonic() - start, 2)
    answer.write(json.dumps(said).encode())
    answer.flush()
    os._exit(0)


def _outcome(mutant, source, tests, pages, known=()):
    import pytest

    try:
        code = compile(source, str(ROOT / mutant.module), "exec")
    except SyntaxError:
        return "no program"
    if tests:
        chosen = Chosen(tests, known, Mutated(mutant, code))
        seen = {name.partition("::")[0] for name in known} | {"helpers"}
        files = sorted({name.partition("::")[0] for name in tests} | {file for file in test_files() if file not in seen})
        failed = pytest.main([*PYTEST, *files], plugins=[chosen])
        signal.setitimer(signal.ITIMER_REAL, 0)
        if failed:
            return f"killed by {chosen.failed or 'an import'}"
    return next((f"killed by {page}" for page in pages if not _page_passes(page, mutant, source)), "survived")


class Chosen:
    """A plugin for pytest that runs some tests of a mutated module, in an order, and notes which one failed."""

    def __init__(self, tests, known, module):
        self.order, self.known = {name: k for k, name in enumerate(tests)}, dict(known)
        self.module, self.failed = module, None

    def pytest_sessionstart(self):
        sys.meta_path.insert(0, self.module)  # before pytest's own loader, which is there by now

    def pytest_collection_modifyitems(self, items):
        asked = [item for item in items if item.nodeid in self.order or item.nodeid not in self.known]  # new ones first
        items[:] = sorted(asked, key=lambda item: self.order.get(item.nodeid, -1))

    def pytest_runtest_protocol(self, item):
        signal.setitimer(signal.ITIMER_REAL, 10 + 4 * self.known.get(item.nodeid, 30))  # then this process dies

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = report.nodeid


class Mutated(importlib.machinery.SourceFileLoader):
    """Finds and loads the mutated module."""

    def __init__(self, mutant, code):
        super().__init__(mutant.module.removesuffix(".py").replace("/", "."), str(ROOT / mutant.module))
        self.mutant_code = code

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, _):
        return self.mutant_code


def _page_passes(page, mutant, source):
    """Run nbval over a page, whose kernel finds a mutated copy of helpers first on its path."""
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HELPERS, pathlib.Path(folder, "helpers"), ignore=shutil.ignore_patterns("__pycache__"))
        pathlib.Path(folder, mutant.module).write_text(source, "utf-8")
        os.environ["PYTHONPATH"] = folder
        return pytest.main(["--nbval", page, *(option for option in PYTEST if option != "--doctest-modules")]) == 0


def preload():
    """Import what pytest and the tests import, so that each fork has it; helpers must not be among it."""
    plugins = [entry.module for entry in importlib.metadata.entry_points(group="pytest11")]
    theirs = (
        "cosmic_ray.plugins hypothesis IPython.display matplotlib.backends.backend_svg matplotlib.pyplot mpmath nbclient"
    )
    for name in (*plugins, *theirs.split(), "nbconvert", "scipy.special", "scipy.spatial", "sklearn.metrics"):
        importlib.import_module(name)
    assert "helpers" not in sys.modules
    gc.freeze()  # pytest collects garbage as it ends: nothing of this is any


# -- what came of it ---------------------------------------------------------------------------------


def report(results, whole):
    """Print the figures and the survivors; return 1 if too many survive or, of the whole, one without a reason."""
    results = [result for result in results if result["outcome"] != "no program"]
    alive = [result for result in results if result["outcome"] == "survived"]
    by_module = collections.Counter(result["mutant"][0] for result in results)
    for module, count in sorted(by_module.items()):
        left = sum(result["mutant"][0] == module for result in alive)
        print(f"  {module:40} {count - left:5} of {count:5} killed")
    share = 1 - len(alive) / len(results)
    print(f"{len(results) - len(alive)} of {len(results)} mutants killed, {share:.1%}")
    reasons = survivors()
    names = [(result["mutant"][0], result["before"], result["after"]) for result in alive]
    unknown = [(result["mutant"][3], name) for result, name in zip(alive, names, strict=True) if name not in reasons]
    for line, (module, before, after) in unknown:
        print(f"survives, and {SURVIVORS.name} gives no reason: {module}:{line}\n  - {before}\n  + {after}")
    gone = [name for name in reasons if whole and name not in names]
    for module, before, after in gone:
        print(f"listed in {SURVIVORS.name}, and no longer a survivor: {module}\n  - {before}\n  + {after}")
    return int(share < ENOUGH or (whole and bool(unknown or gone)))


def survivors():
    """Return {(module, before, after): reason} of the list; an entry may have several changes of its line."""
    entries = tomllib.loads(SURVIVORS.read_text("utf-8")).get("survivor", [])
    changes = ((entry, after) for entry in entries for after in entry["after"])
    return {(entry["module"], entry["before"], after): entry["reason"] for entry, after in changes}


def _state(*folders):
    """Return a digest of all that a result depends on."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.*"))]
    files = [path for path in paths if path.is_file() and path.suffix in (".py", ".ipynb", ".npz", ".lock", ".cfg", ".txt")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


@functools.cache
def _digest(module):
    return hashlib.sha256((ROOT / module).read_bytes()).hexdigest()[:16]


def _key(mutant):
    return f"{mutant.module} {_digest(mutant.module)} {mutant.operator} {mutant.occurrence}"


def _known(record, state):
    """Return what is known by now: a mutant that was killed stays so, one that survived does until anything changes."""
    entries = map(json.loads, record.read_text("utf-8").splitlines()) if record.exists() else ()
    return {entry["key"]: entry for entry in entries if entry["outcome"] != "survived" or entry["state"] == state}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cover"]:
        sys.exit(cover(pathlib.Path(sys.argv[2])))
    sys.exit(main(*sys.argv[1:]))
