"""Gradients by Hand: what the course has already built, and the plumbing its pages need not show."""

from helpers.descent import gradient_descent, minibatches
from helpers.digits import load_digits
from helpers.figures import show
from helpers.functions import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy
from helpers.gradient_check import check_gradient
from helpers.gradients import numerical_gradient
from helpers.memory import describe, draw
from helpers.messages import expected
from helpers.networks import SoftmaxRegression, TwoLayerNet

__all__ = [
    "SoftmaxRegression",
    "TwoLayerNet",
    "check_gradient",
    "cross_entropy",
    "describe",
    "draw",
    "expected",
    "gradient_descent",
    "load_digits",
    "log_softmax",
    "minibatches",
    "numerical_gradient",
    "one_hot",
    "show",
    "softmax",
    "softmax_cross_entropy",
]
