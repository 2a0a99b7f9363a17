"""The pages' settings as a module, for tools that only look at models: mypy's plugin, `makemigrations`."""

from reelwright.web.site import Site, web_settings

globals().update(web_settings(Site(host="127.0.0.1", port=8765, secret="-" * 50)))
