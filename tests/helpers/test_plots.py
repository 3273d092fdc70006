"""The temperature slider moves its picture, and stores one that makes sense without a kernel."""

import numpy as np

from helpers.plots import softmax as softmax_plots

Z = np.array([1.0, -0.5, 2.0])


def test_the_slider_goes_from_a_tenth_to_ten_and_moves_its_picture(monkeypatch):
    import ipywidgets

    made, shown = [], []
    slider = ipywidgets.FloatLogSlider
    monkeypatch.setattr(ipywidgets, "FloatLogSlider", lambda **settings: made.append(slider(**settings)) or made[0])
    views = []
    view = ipywidgets.HTML
    monkeypatch.setattr(ipywidgets, "HTML", lambda: views.append(view()) or views[0])
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    softmax_plots.temperature_slider(Z)
    assert (made[0].value, made[0].base ** made[0].min, made[0].base ** made[0].max, made[0].step) == (1, 0.1, 10, 0.02)
    before = views[0].value
    assert "T = 1:" in before
    made[0].value = 10
    assert "T = 10:" in views[0].value
    assert views[0].value != before
    assert "T = 10: " in shown[0]["text/plain"]
    assert shown[0]["text/html"].count("<img ") == 1
