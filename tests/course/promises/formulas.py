"""Does a formula compile? Its parts are read from the inside out; it may use the commands that are listed here."""

import re

SYMBOLS = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi varphi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell infty partial nabla sum prod int max min arg log ln exp "
    "sin cos tan sinh cosh tanh lim sup inf det dim Pr forall exists in notin subset subseteq cup cap setminus to mapsto "
    "leftarrow rightarrow Leftarrow Rightarrow Leftrightarrow iff implies uparrow downarrow cdot times div pm mp circ odot "
    "otimes oplus star ast bullet approx sim simeq equiv propto le leq ge geq ll gg lt gt ne neq mid parallel perp top "
    "prime dots ldots cdots vdots ddots quad qquad langle rangle lvert rvert lVert rVert lfloor rfloor lceil rceil "
    "vert Vert limits displaystyle textstyle big Big bigl bigr Bigl Bigr colon"
)
ONE = (  # with one argument
    "sqrt mathrm mathbf mathbb mathcal text textbf operatorname boldsymbol hat widehat bar tilde vec dot overline underline "
    "overbrace underbrace"
)
TWO = "frac tfrac dfrac binom overset underset stackrel"
ENVIRONMENTS = "aligned|bmatrix|cases|gathered|matrix|pmatrix|vmatrix"


def _command(names):
    return rf"\\(?:{'|'.join(names.split())})(?![a-zA-Z])"


SYMBOL = rf"\s*(?:{_command(SYMBOLS)}|\\[,;:! {{}}|%&_#$]|[^\\{{}}^_&#%~$\s])"
ITEM = rf"(?:{SYMBOL}|\s*{_command(ONE)}(?:\[\w+\])?{SYMBOL}|\s*{_command(TWO)}{SYMBOL}{SYMBOL})"
ROW = rf"(?:{ITEM}(?:\s*\^{ITEM}\s*(?:_{ITEM})?|\s*_{ITEM}\s*(?:\^{ITEM})?)?)*\s*"
DELIMITER = r"\s*(?:[()\[\]|./]|\\[{}|]|\\[lr](?:angle|vert|Vert|floor|ceil))"
INSIDE = r"(?:(?!\\(?:left|right|begin|end)(?![a-zA-Z]))(?:\\.|[^\\{}]))*"
INNERMOST = re.compile(  # what is delimited, an environment or a group, with nothing of the kind inside
    rf"\\left{DELIMITER}(?P<between>{INSIDE})\\right{DELIMITER}"
    rf"|\\begin<(?P<name>{ENVIRONMENTS})>(?P<rows>{INSIDE})\\end<(?P=name)>|(?<!\\){{(?P<group>{INSIDE})}}",
    flags=re.DOTALL,
)


def mistake(formula):
    """Return the part of a formula that does not compile, or None. What was read is replaced by the one sign ●."""
    rest = re.sub(r"\\(begin|end)\{(\w+)\}", r"\\\1<\2>", formula.replace("\\\\", "⏎"))
    while part := INNERMOST.search(rest):
        for row in re.split("[&⏎]", part["rows"] or "") + [part["between"] or "", part["group"] or ""]:
            if "⏎" in row or not re.fullmatch(ROW, row):
                return row
        rest = rest[: part.start()] + "●" + rest[part.end() :]
    return None if "⏎" not in rest and re.fullmatch(ROW, rest) else rest
