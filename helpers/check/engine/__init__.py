"""The machinery of the exercises: what an exercise is, where an answer runs, and how it is judged."""

from helpers.check.engine.cases import MEASURED, Case, RecordingFunction, Rejection, drawn, measured, off_kinks, tenths
from helpers.check.engine.exercise import Exercise
from helpers.check.engine.hints import NOTHING

__all__ = [
    "MEASURED",
    "NOTHING",
    "Case",
    "Exercise",
    "RecordingFunction",
    "Rejection",
    "drawn",
    "measured",
    "off_kinks",
    "tenths",
]
