"""Does a formula compile? A small parser of TeX with a list of the commands that it knows, none of which links or loads."""

import re

SYMBOLS = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi varphi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell infty partial nabla sum prod int max min arg log ln "
    "exp sin cos tan sinh cosh tanh lim sup inf det dim Pr forall exists in notin subset subseteq cup cap setminus to "
    "mapsto leftarrow rightarrow Leftarrow Rightarrow Leftrightarrow iff implies uparrow downarrow cdot times div pm mp "
    "circ odot otimes oplus star ast bullet approx sim simeq equiv propto le leq ge geq ll gg lt gt ne neq mid parallel "
    "perp top prime dots ldots cdots vdots ddots quad qquad langle rangle lvert rvert lVert rVert lfloor rfloor lceil "
    "rceil vert Vert limits displaystyle textstyle big Big bigl bigr Bigl Bigr colon"
)
ONE = (
    "sqrt mathrm mathbf mathbb mathcal text textbf operatorname boldsymbol hat widehat bar tilde vec dot overline "
    "underline overbrace underbrace"
)
TWO = "frac tfrac dfrac binom overset underset stackrel"
ARGUMENTS = {name: count for count, names in enumerate((SYMBOLS, ONE, TWO)) for name in names.split()}
ARGUMENTS |= dict.fromkeys(",;:! {}|%&_#$", 0)
ENVIRONMENTS = {"aligned", "bmatrix", "cases", "gathered", "matrix", "pmatrix", "vmatrix"}
DELIMITERS = {*"()[]|./<>", r"\{", r"\}", r"\|", *(r"\l" + name for name in "angle vert Vert floor ceil".split())}
DELIMITERS |= {delimiter.replace(r"\l", r"\r") for delimiter in DELIMITERS}


def mistake(formula):
    """Return what keeps a formula from being set, or None."""
    try:
        return _Parser(formula).group(None)
    except ValueError as error:
        return str(error)


class _Parser:
    def __init__(self, formula):
        self.tokens = re.findall(r"\\[a-zA-Z]+|\\.|\S", formula, flags=re.DOTALL)[::-1]

    def next(self):
        if not self.tokens:
            raise ValueError("ends too early")
        return self.tokens.pop()

    def group(self, end, table=False):
        """Read up to the token `end`; `table` says whether & and a new line may come."""
        scripts = set()  # of the symbol that was read last
        while self.tokens or end:
            token = self.next()
            if token == end:
                return
            if token in ("^", "_"):
                if token in scripts:
                    raise ValueError(f"has two {token} in a row")
                scripts.add(token)
                self.argument()
            elif token in ("&", r"\\") and table:
                scripts = set()
            else:
                self.symbol(token)
                scripts = {"^"} if token == "'" else set()

    def argument(self):
        token = self.next()
        if token in ("^", "_"):
            raise ValueError(f"has a {token} where an argument is due")
        self.symbol(token)

    def symbol(self, token):
        if token == "{":
            self.group("}")
        elif token == r"\left":
            self.delimiter()
            self.group(r"\right")
            self.delimiter()
        elif token == r"\begin":
            if (name := self.name()) not in ENVIRONMENTS:
                raise ValueError(f"has the unknown environment {name}")
            self.group(r"\end", table=True)
            if self.name() != name:
                raise ValueError(f"begins {name} and ends another environment")
        elif token.startswith("\\"):
            if token[1:] not in ARGUMENTS:
                raise ValueError(f"has the command {token}, which is not on the list of those that are known")
            if token == r"\sqrt" and self.tokens[-1:] == ["["]:
                self.next()
                self.group("]")
            for _ in range(ARGUMENTS[token[1:]]):
                self.argument()
        elif token in "}&#%~$":
            raise ValueError(f"has a {token} out of place")

    def delimiter(self):
        if (token := self.next()) not in DELIMITERS:
            raise ValueError(f"has {token} where a delimiter is due")

    def name(self):
        letters = [self.next()]
        while letters[-1] != "}":
            letters.append(self.next())
        return "".join(letters).strip("{}")
