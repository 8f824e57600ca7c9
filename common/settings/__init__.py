"""Configuration files, and what programs say to people about them.

`yaml_file` reads YAML so that each mapping knows its line (`lines`); `config` reads it into dataclasses whose fields
are the options: name, type and default in one place. Everything wrong is reported in one run, with line and fix,
before anything is opened. A value may come from an environment variable, a password from a file.

`language` chooses French or English; `french` has the sentences.
"""
