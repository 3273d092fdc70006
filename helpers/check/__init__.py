"""The exercises' checks: check.NAME(your_function) says "solved" or "not yet", and why.

Each tries the function on cases drawn anew whenever its text changes, in a process of its own where the system allows that,
for ten seconds at most, and returns a Verdict: what was tried, what was expected, what came, and a hint that names the slip.
"""

from helpers.check.backpropagation import deep_gradients, residual_backward, tanh_backward
from helpers.check.cross_entropy import prices, reads_label, smoothed_slope, soft_cross_entropy
from helpers.check.digits import right_per_digit, scaled, shifted
from helpers.check.gradient_descent import descend, largest_rate, nesterov
from helpers.check.memory import any_layout, kinship, row_slopes
from helpers.check.numerical_gradient import curvatures, forward_gradient, scaled_gradient
from helpers.check.softmax import log_sum_exp, softmax_at, softmax_backward

__all__ = [
    "any_layout",
    "curvatures",
    "deep_gradients",
    "descend",
    "forward_gradient",
    "kinship",
    "largest_rate",
    "log_sum_exp",
    "nesterov",
    "prices",
    "reads_label",
    "residual_backward",
    "right_per_digit",
    "row_slopes",
    "scaled",
    "scaled_gradient",
    "shifted",
    "smoothed_slope",
    "soft_cross_entropy",
    "softmax_at",
    "softmax_backward",
    "tanh_backward",
]
