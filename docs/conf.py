"""How Sphinx builds these pages: ``sphinx-build -W docs docs/_build``."""

from importlib.metadata import version as installed_version
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature

project = "cslib"
author = "The cslib developers"
copyright = "2026, the cslib developers"  # noqa: A001
version = release = installed_version("cslib")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "cslib"


def with_full_names(
    _app: Sphinx, what: str, _name: str, made: Any, *_: object
) -> tuple[str, str] | None:
    """The signature of a named tuple with the full names of its types.

    Autodoc gives their bare names, and a link from `Status` would lead to any class of that name.
    """
    if what != "class" or not hasattr(made, "_fields"):
        return None
    return stringify_signature(signature(made), unqualified_typehints=True), ""


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", with_full_names)
