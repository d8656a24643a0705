"""What Sphinx reads for `make site` (site.py): it asks for a file of this name."""

project = "meta-access"
extensions = ["myst_parser"]
# The folder of the project is the source, so that a page may point at any file of it.
root_doc = "docs/index"
include_patterns = ["docs/**.md", "*.md", "tests/unit/coverage.md", "tests/unit/tokens/protocol.md"]
exclude_patterns = ["README.md"]  # the front page of the repository; docs/index.md is the site's
nitpicky = True
myst_heading_anchors = 4
html_theme = "furo"
html_title = "meta-access"
html_show_sphinx = False
html_show_copyright = False
# Pages of Meta need a login or answer programs with 400; what they said, and when, stands next to each link.
linkcheck_ignore = [r"https://(www|developers|business)\.facebook\.com/", r"http://127\.0\.0\.1"]
linkcheck_timeout = 20
linkcheck_workers = 4
