"""The pictures of the course: one module for each notebook, one function for each picture."""
