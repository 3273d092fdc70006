"""The pictures of the course: one module a notebook, one function a picture."""
