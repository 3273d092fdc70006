"""The machinery of the exercises: what an exercise is, where an answer runs, and how it is judged."""

from helpers.check.engine.cases import Case, RecordingFunction, tenths
from helpers.check.engine.exercise import Exercise, Mistake

__all__ = ["Case", "Exercise", "Mistake", "RecordingFunction", "tenths"]
