"""The machinery of the exercises: what an exercise is, where an answer runs, and how it is judged."""

from helpers.check.engine.cases import MEASURED, Case, RecordingFunction, Rejection, measured, off_kinks, tenths
from helpers.check.engine.exercise import Exercise

__all__ = ["MEASURED", "Case", "Exercise", "RecordingFunction", "Rejection", "measured", "off_kinks", "tenths"]
