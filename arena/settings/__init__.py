"""Settings: a flag beats an environment variable, that a settings file, and that the default.

Two files are read: ``arena/arena.toml`` below $XDG_CONFIG_HOME (or ~/.config), then the project's
``arena.toml``, which wins. The project's is $ARENA_CONFIG if that is set; otherwise the first one from
the current folder up to the root of its git checkout. Without a checkout only the current folder counts:
a file that a stranger left in a shared folder above must not choose where keys are sent. Settings name the
environment variables that hold keys; no key is ever read here, and one written into a file is refused.
"""

from arena.settings.file import BUILT_IN, Alias, Endpoint, Price, Settings, SettingsError
from arena.settings.resolve import Overrides, Resolved, Row, files, resolve, unknown_variables

__all__ = [
    "BUILT_IN",
    "Alias",
    "Endpoint",
    "Overrides",
    "Price",
    "Resolved",
    "Row",
    "Settings",
    "SettingsError",
    "files",
    "resolve",
    "unknown_variables",
]
