"""Who may use the JupyterLab of `make lab`: its server loads this class."""

from jupyter_server.auth.identity import PasswordIdentityProvider
from traitlets import validate


class TokenRequired(PasswordIdentityProvider):
    """Ask for a token, or for the reader's own password, even where the reader's settings switch both off."""

    @validate("token")
    def _replace_empty_token(self, proposal):
        return proposal.value or self._token_default()
