"""How long the helpers take beside their peers, on one core.

    make bench                     everything
    make bench ARGS="softmax"      one part: softmax, loss, gradients, training, start, course

Peers that are not installed are named and left out.
"""

import importlib
import os
import pathlib
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported
os.environ.pop("OPENBLAS_CORETYPE", None)  # nor is it to imitate another processor
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import parts  # noqa: E402


def main(names):
    unknown = [name for name in names if name not in parts.PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}: {', '.join(parts.PARTS)}", file=sys.stderr)
        return 2
    for name in ("numpy", "scipy", "sklearn", "torch", "jax"):
        try:
            print(f"{name} {importlib.import_module(name).__version__}", end="   ")
        except ImportError:
            print(f"({name} is not installed)", end="   ")
    print("\nFirst the time of the helpers, then how many times as long the others take: above 1, the helpers are faster.")
    for name in names or parts.PARTS:
        parts.PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
