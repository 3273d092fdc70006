"""The pictures show the data that they are given, and say them in words."""

import numpy as np
from drawings import lines, markers, parse, texts

from helpers import load_penguins
from helpers.plots import softmax as softmax_plots, start_here


def test_every_bird_is_drawn_at_its_bill_and_one_is_circled(shown):
    x, t, names = load_penguins()
    start_here.plot_birds(x, t, names, circled=282)
    alt, drawing = parse(shown[0]["text/html"])
    marks = markers(drawing)
    species = sorted((m for m in marks if len(m) > 60), key=len, reverse=True)
    drawn, bills = (
        np.concatenate([m[:-1] for m in species]),
        np.concatenate([x[t == k] for k in range(3)]),
    )  # but the legend's
    right, down = np.corrcoef(drawn.T, bills.T)[:2, 2:].diagonal()
    assert (round(right, 5), round(down, 5)) == (1, -1)
    assert any(len(m) == 2 and np.array_equal(m[0], drawn[282]) for m in marks)  # the birds are in the order of the classes
    assert {"bill length (mm)", "bill depth (mm)", *names, "Chinstrap, 46.0 mm long and 18.9 mm deep"} <= set(texts(drawing))
    assert "One bird is circled: Chinstrap, 46.0 mm long and 18.9 mm deep." in alt


def test_the_text_of_the_birds_says_what_is_in_the_data(shown):
    x = np.array([[0, 0.5], [0, 0.7], [1, 0.5], [1, 0.7], [0.1, 0.6]])
    start_here.plot_birds(x, np.array([0, 0, 1, 1, 1]), ["small", "large"])
    alt = shown[0]["text/plain"]
    assert "The bills of 5 birds" in alt
    assert "small, 2 blue circles, on average 40.0 mm long and 16.0 mm deep" in alt
    assert "large, 3 orange squares, on average 47.0 mm long and 16.0 mm deep" in alt
    assert "1 birds are nearer" in alt


def test_two_loss_curves_are_drawn_and_told(shown):
    start_here.plot_two_runs([4.0, 4.0, 4.0], [4.0, 3.0, 1.0])
    alt, drawing = parse(shown[0]["text/html"])
    flat, falling = (
        line for line in lines(drawing) if len(line) in (2, 3) and np.ptp(line[:, 0]) > 100 and (line[:, 0] > 40).all()
    )
    heights = flat[0, 1] - falling[:, 1]
    np.testing.assert_allclose(heights / heights[-1], [0, 1 / 3, 1], atol=2e-3)
    assert "a flat line at 4.0000" in alt
    assert "from 4.0000 to 1.0000" in alt


def test_broadcasting_is_drawn_with_the_numbers_of_numpy(shown):
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]])
    row, column = np.array([0.25, 0.5, 0.75]), np.array([[0.25], [0.5], [0.75]])
    softmax_plots.plot_broadcast(a, row, column, operation=np.add)
    alt, drawing = parse(shown[0]["text/html"])
    grids = [a, np.tile(row, (3, 1)), a + row, a, np.tile(column, (1, 3)), a + column]
    assert [text for text in texts(drawing) if "." in text] == [f"{number:.2f}" for grid in grids for number in grid.flat]
    assert {"(3, 3)", "+ (3,)", "+ (3, 1)", "= (3, 3)"} == {" ".join(text.split()) for text in texts(drawing) if "(" in text}
    assert "(3, 3) + (3,): [0.25, 0.50, 0.75] is repeated downwards" in alt
    assert "(3, 3) + (3, 1): [0.25, 0.50, 0.75] is repeated to the right" in alt
