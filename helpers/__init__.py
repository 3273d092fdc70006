"""Gradients by Hand: what the course has already built, and the plumbing its pages need not show."""

from helpers.figures import show
from helpers.functions import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy
from helpers.gradients import check_gradient, numerical_gradient
from helpers.memory import describe, draw
from helpers.messages import expected

__all__ = [
    "check_gradient",
    "cross_entropy",
    "describe",
    "draw",
    "expected",
    "log_softmax",
    "numerical_gradient",
    "one_hot",
    "show",
    "softmax",
    "softmax_cross_entropy",
]
