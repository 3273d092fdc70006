"""Gradients by Hand: what the course has already built, and the plumbing its pages need not show."""

from helpers.descent import gradient_descent, minibatches
from helpers.digits import load_digits
from helpers.figures import show
from helpers.functions import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy
from helpers.gradient_check import check_gradient
from helpers.gradients import numerical_gradient
from helpers.memory import Steps, describe, draw, snapshot
from helpers.messages import expected
from helpers.networks import SoftmaxRegression, TwoLayerNet
from helpers.penguins import load_penguins

__all__ = [
    "SoftmaxRegression",
    "Steps",
    "TwoLayerNet",
    "check_gradient",
    "cross_entropy",
    "describe",
    "draw",
    "expected",
    "gradient_descent",
    "load_digits",
    "load_penguins",
    "log_softmax",
    "minibatches",
    "numerical_gradient",
    "one_hot",
    "show",
    "snapshot",
    "softmax",
    "softmax_cross_entropy",
]
