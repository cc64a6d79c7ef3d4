"""Our C as scripts see it: check-core, check-dialect and measure-house read it
with these. They know our format (.clang-format), not the language."""

import re

STRING = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
COMMENT = r"/\*.*?\*/"
LINE_COMMENT = r"//[^\n]*"
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
INCLUDE = re.compile(r'\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without(text, *, strings, line_comments):
    """The text with comments (and strings) blanked; lines stay where they are."""
    pattern = f"{COMMENT}|{STRING}|{LINE_COMMENT}"

    def replace(match):
        found = match.group()
        if found.startswith("/*"):
            return blank(found)
        if found.startswith("//"):
            return blank(found) if line_comments else found
        return found[0] + " " * (len(found) - 2) + found[0] if strings else found

    return re.sub(pattern, replace, text, flags=re.DOTALL)


def includes(text):
    """(line, name, whether in quotes) of each #include."""
    code = without(text, strings=False, line_comments=True)
    for number, line in enumerate(code.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1) or match.group(2), bool(match.group(2))


class Function:
    """A definition: its name, whether it is static, lines of { and }."""

    def __init__(self, declaration, line, start, end):
        declaration = ATTRIBUTE.sub("", declaration)
        names = CALL.findall(declaration)
        self.name = names[0] if names else None
        self.is_static = bool(re.search(r"\bstatic\b", declaration))
        self.line, self.start, self.end = line, start, end


def functions(code):
    """Those of a text without comments and strings."""
    lines = code.splitlines()
    for start, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        first = start
        while first > 0 and is_declaration(lines[first - 1]):
            first -= 1
        end = start
        while end < len(lines) - 1 and not lines[end].startswith("}"):
            end += 1
        function = Function(" ".join(lines[first:start]), first + 1, start + 1, end + 1)
        if function.name:
            yield function


def is_declaration(line):
    text = line.rstrip()
    return text != "" and not text.startswith(("}", "#")) and not text.endswith(";")


def structs(code):
    """(line, fields) of each struct, those of structs inside counted along."""
    for match in re.finditer(r"\bstruct\b[^;{}()]*\{", code):
        depth, fields, brackets, i = 1, 0, 0, match.end()
        before = ""
        while depth and i < len(code):
            char = code[i]
            depth += (char == "{") - (char == "}")
            brackets += (char in "([") - (char in ")]")
            if brackets == 0 and char in ";," and before != "}":
                fields += 1
            before = before if char.isspace() else char
            i += 1
        yield code.count("\n", 0, match.start()) + 1, fields


def comment_lines(text):
    """(lines with nothing but a comment or with one, non-blank lines)."""
    code = without(text, strings=False, line_comments=True)
    comments = total = 0
    for line, bare in zip(text.splitlines(), code.splitlines()):
        if line.strip():
            total += 1
            comments += not bare.strip()
    return comments, total
