"""helpers.variables: what a function reads is found under the names that a reader would write, and can be replaced."""

import functools

import numpy as np

from helpers.variables import constants, reachable, replaced, variables

scale = 3.0


def named(function):
    return {variable.name: variable for variable in variables(function)}


def test_the_variables_of_a_function_are_found_replaced_and_put_back():
    inner, t = np.arange(3), np.arange(4)

    def f(x, t=t, *, k=2):
        return (x, t, k, inner, scale)

    assert named(f).keys() == {"inner", "t", "k", "scale"}
    for place, name in enumerate(("t", "k", "inner", "scale"), start=1):
        with replaced(named(f)[name], 7):
            assert f(1)[place] == 7
    assert f(1) == (1, t, 2, inner, 3.0)


def test_a_constant_in_the_code_is_replaced_in_inner_functions_too():
    def f(x):
        return [x + 1e-7, *map(lambda _: 1e-7, [0])]

    (constant,) = constants(f)
    with replaced(constant, 0.0):
        assert f(0) == [0.0, 0.0]
    assert f(0) == [1e-7, 1e-7]


def test_a_variable_that_is_not_made_yet_is_not_found():
    def f(x):
        return later * x

    before = named(f).keys()
    later = 2
    assert (before, named(f).keys(), f(3)) == (set(), {"later"}, 6)


def test_what_is_reached_has_the_names_that_a_reader_would_write():
    class Net:
        def __init__(self):
            self.params, self.me = {"W": np.ones(2)}, self

        def loss(self, x, t=None):
            return self.params["W"] @ x

    net, rows = Net(), [np.zeros(3)]
    assert "net.params['W']" in dict(reachable(lambda x: 1.0 * net.loss(x)))
    assert "Net.params['W']" in dict(reachable(net.loss))
    assert "['a'][0]" in dict(reachable({"a": (rows,)}))
    assert {"argument 0", "t"} <= dict(reachable(functools.partial(net.loss, rows, t=1))).keys()


def test_a_search_ends_in_what_is_deep_wide_or_a_circle():
    circle = []
    circle.append(circle)
    assert len(reachable(circle)) == 1
    assert len(reachable([[[[[[[[[]]]]]]]]])) == 6
    assert len(reachable({k: [k] for k in range(1000)})) == 500
