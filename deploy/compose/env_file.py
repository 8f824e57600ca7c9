"""Sets variables in the text of an .env file; the rest of the text is unchanged."""

import re
from collections.abc import Mapping


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    r"""Return the text with these variables.

    A line that sets a variable is replaced; else a line that has it as a comment; else it is added at the end.

    >>> with_variables("A=1\n# B=2\n", {"A": "3", "B": "4", "C": "5"})
    'A=3\nB=4\nC=5\n'
    """
    for name, value in variables.items():
        line = f"{name}={value}"
        for pattern in (rf"^{name}=.*$", rf"^#[ ]?{name}=.*$"):
            changed, found = re.subn(pattern, lambda _, line=line: line, text, count=1, flags=re.MULTILINE)  # type: ignore[misc]
            if found:
                text = changed
                break
        else:
            text = f"{text.rstrip()}\n{line}\n".lstrip()
    return text
