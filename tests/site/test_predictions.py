"""The answer to a prediction is missing from the student edition and hidden in JupyterLab; test_site.py sees it folded."""

import commands
import nbformat
import pytest
import student
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def prediction():
    """Return a notebook with a question, a cell that answers it and a cell that answers nothing."""
    hidden = {"tags": ["predict"], "jupyter": {"outputs_hidden": True}}
    return new_notebook(
        cells=[
            new_markdown_cell("# A question"),
            new_code_cell("print(6 * 7)", execution_count=1, outputs=[new_output("stream", text="42\n")], metadata=hidden),
            new_code_cell("print(100)", execution_count=2, outputs=[new_output("stream", text="100\n")]),
        ]
    )


def test_the_student_edition_has_the_question_without_the_answer():
    notebook = student.without_solutions(prediction())
    answer, other = notebook.cells[1:]
    assert (answer.source, answer.outputs, answer.execution_count) == ("print(6 * 7)", [], None)
    assert not answer.metadata.get("jupyter", {}).get("outputs_hidden")  # there is nothing to open
    assert other.outputs[0].text == "100\n"
    nbformat.validate(notebook)


@pytest.mark.parametrize("name", ["plain", "with a blank", 'it\'s "quoted"', "Übung", "back\\slash", "{brace}", "a=b"])
def test_jupyterlab_reads_the_folder_of_the_stylesheet_whatever_its_name(name, tmp_path):
    from jupyter_server.serverapp import ServerApp

    app = ServerApp()
    app.parse_command_line(commands.stylesheet(tmp_path / name))
    assert app.tornado_settings == {"static_custom_path": str(tmp_path / name)}
