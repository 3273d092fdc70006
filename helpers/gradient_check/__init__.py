"""Whether a gradient is right and, if not, where it goes wrong: check_gradient, as notebook 07 uses it."""

from helpers.gradient_check.check import check_gradient
from helpers.gradient_check.report import Finding, Report, Reports

__all__ = ["Finding", "Report", "Reports", "check_gradient"]
