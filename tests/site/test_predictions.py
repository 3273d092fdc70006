"""The answer to a prediction is missing from the student edition and hidden in JupyterLab; test_site.py sees it folded."""

import commands
import pytest
import student
import website


@pytest.mark.parametrize("name", website.names())
def test_the_student_edition_has_the_questions_without_the_answers(name):
    questions = [cell for cell in website.read(name).cells if "predict" in cell.metadata.get("tags", [])]
    handed_out = {cell.id: cell for cell in student.without_solutions(website.read(name)).cells}
    assert questions
    for question in questions:
        cell = handed_out[question.id]
        assert (cell.source, cell.outputs, cell.execution_count) == (question.source, [], None)
        assert not cell.metadata.get("jupyter", {}).get("outputs_hidden")  # there is nothing to open


@pytest.mark.parametrize("name", ["with a blank", 'it\'s "quoted"', "back\\slash", "{brace}", "a=b"])
def test_jupyterlab_reads_the_folder_of_the_stylesheet_whatever_its_name(name, tmp_path):
    from jupyter_server.serverapp import ServerApp

    app = ServerApp()
    app.parse_command_line(commands.stylesheet(tmp_path / name))
    assert app.tornado_settings == {"static_custom_path": str(tmp_path / name)}
