"""Answers a language model's questions by the Model Context Protocol: ten tools that only read.

A tool is a route as those of the API: a name, parameters, and a function that returns a dataclass, of which the schema
of its answer is made. It asks the places for what they show, and says it in few words: local times with their offset,
Wh, VA, and euros with all taxes. A meter has its name or its last digits here, never its whole address.

- `words` is what several tools say and ask; `present`, `energy`, `contract` and `told` are the tools.
- `tools` lists them, reads their arguments, and makes text of what an API answers.
- `server` is the only file that knows the official SDK. It takes tens of MB of memory, so it is imported when somebody
  asks: by `command`, which serves over stdin and stdout, or by `page`, which answers `/mcp` to programs with a token.
"""
