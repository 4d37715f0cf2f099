"""Templates under a policy that lets nothing but the page's own style sheet and script run."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata, resources

from markupsafe import Markup

from mnist_search.reporting.cells import clean
from mnist_search.reporting.html.drawings import Drawings, vega_script


def render_template(name: str, drawings: Drawings, **content: object) -> str:
    """Return a template as a page with its charts; text from outside is escaped and cleaned.

    The page's one style sheet and one script are named in its content-security policy by their
    hashes, so that nothing else could run even if it got in.
    """
    import jinja2

    files = resources.files("mnist_search.reporting.html") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        loader=jinja2.FunctionLoader(lambda each: (files / each).read_text(encoding="utf-8")),
    )
    style = (files / "report.css").read_text(encoding="utf-8")
    script = (files / "report.js").read_text(encoding="utf-8")
    if drawings.specs:
        script = f"{vega_script()}\n{script}"
    return environment.get_template(name).render(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        version=_version(),
        charts=drawings.data(),
        **content,
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _version() -> str:
    try:
        return metadata.version("mnist-search")
    except metadata.PackageNotFoundError:
        return ""


def _finalize(value: object) -> object:
    return clean(value) if type(value) is str else value
