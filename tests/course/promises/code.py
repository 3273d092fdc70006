"""Promises about code cells: nothing that nbval stumbles over, and nothing that reaches for a reader's machine."""

import ast
import io
import re
import tokenize

from .notebook import promise, tree

MODULES = {"helpers", "matplotlib", "numpy", "sys"}
# A page asks for nothing outside of itself, and for nothing that depends on what was run before.
FORBIDDEN_NAMES = set("__import__ breakpoint compile eval exec get_ipython getattr globals input open".split())
FORBIDDEN_NAMES |= {"In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh"}
# What numpy, matplotlib and sys would lend a page that wants files, a network or a shell.
FORBIDDEN_ATTRIBUTES = FORBIDDEN_NAMES | set(
    "DataSource __dict__ __globals__ ctypeslib fromfile fromregex genfromtxt load loadtxt memmap modules os path popen save "
    "savefig savetxt savez savez_compressed shutil socket subprocess system tofile urllib urlopen".split()
)


@promise
def plain_python(notebook):
    """No magics, no shell; and every name is in letters that can be told apart."""
    for cell in notebook.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield cell, f"is not plain Python, line {error.lineno}: no magics, no shell"
            continue
        for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
            if token.type == tokenize.NAME and not token.string.isascii():
                yield cell, f"has the name {token.string!r}, which is not in plain letters"


@promise
def nothing_that_nbval_stumbles_over(notebook):
    for cell in notebook.code:
        if any(line.rstrip().endswith(";") for line in cell.source.splitlines()):
            yield cell, "ends a line with ;"
        if "NBVAL" in cell.source:
            yield cell, "steers nbval by a comment"


@promise
def no_history_network_shell_install_or_eval(notebook):
    for cell in notebook.code:
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
                yield cell, f"uses {node.id}"
            if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
                yield cell, f"uses .{node.attr}"


@promise
def imports_are_in_the_first_code_cell(notebook):
    for cell in notebook.code:
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                if cell is not notebook.code[0]:
                    yield cell, "imports, and is not the first code cell"
                yield from ((cell, how) for how in _foreign(node))
    for node in tree(notebook.code[0]).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            yield notebook.code[0], f"does more than import: {ast.unparse(node)}"


def _foreign(node):
    """Yield what an import takes from elsewhere. (numpy and matplotlib have os among their names, so no names of theirs.)"""
    for alias in node.names:
        module = (getattr(node, "module", None) or alias.name).partition(".")[0]
        names_of_others = isinstance(node, ast.ImportFrom) and module != "helpers"
        if module not in MODULES or names_of_others or alias.name == "*":
            yield f"imports {alias.name} of {module}: a page imports {sorted(MODULES)}, and names of helpers"


def code_without_comments(notebook):
    return "\n".join(re.sub(r"#.*", "", cell.source) for cell in notebook.code)
