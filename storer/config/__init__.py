"""What `storer.yaml` may say: `options` is the whole file.

Each option is a field with its default and a function that checks it; a mistake is an error that names the line. The
error texts are in English, and `french` translates them for a terminal in French, together with what `import` prints.
Nothing here does I/O: the file itself is read by `common.settings`.
"""
