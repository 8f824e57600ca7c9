"""The configuration files: YAML, options, and errors that name the line."""
