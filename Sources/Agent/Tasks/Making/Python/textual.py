"""Mutations of a text in any language, by what it looks like: no syntax tree, one place on one line each."""

import bisect
import re

from .mutate import Mutation

# What is no code, by the look of the file's name: comments and strings.
MASKS = {
    "c": re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#[^\n]*',
                    re.S | re.M),
    "shell": re.compile(r"(?:^|(?<=\s))#[^\n]*|'[^'\n]*'", re.M),
    "other": re.compile(r'(?:^|(?<=\s))(?:#|//|--)[^\n]*|"(?:\\.|[^"\\\n])*"', re.M),
}

# (operator, pattern with one group for what is replaced, replacement)
COMMON = [
    ("comparison-boundary", r"(?<=[\w)\]] )(<)(?= [\w(*-])", "<="),
    ("comparison-boundary", r"(?<=[\w)\]] )(<=)(?= )", "<"),
    ("comparison-boundary", r"(?<=[\w)\]] )(>)(?= [\w(*-])", ">="),
    ("comparison-boundary", r"(?<=[\w)\]] )(>=)(?= )", ">"),
    ("comparison", r"(?<= )(==)(?= )", "!="),
    ("comparison", r"(?<= )(!=)(?= )", "=="),
    ("boolean", r"(?<= )(&&)(?= )", "||"),
    ("boolean", r"(?<= )(\|\|)(?= )", "&&"),
    ("boolean", r"\b(true)\b", "false"),
    ("boolean", r"\b(false)\b", "true"),
    ("loop-control", r"\b(break)\b", "continue"),
    ("loop-control", r"\b(continue)\b", "break"),
]
C_LIKE = COMMON + [
    ("operator", r"(?<=[\w)\]] )(\+)(?= [\w(])", "-"),
    ("operator", r"(?<=[\w)\]] )(-)(?= [\w(])", "+"),
    ("operator", r"(?<=[\w)\]] )(\*)(?= [\w(])", "+"),
    ("operator", r"(?<=[\w)\]] )(/)(?= [\w(])", "*"),
    ("operator", r"(?<=[\w)\]] )(%)(?= [\w(])", "/"),
    ("operator", r"(?<=[\w)\]] )(<<)(?= )", ">>"),
    ("operator", r"(?<=[\w)\]] )(>>)(?= )", "<<"),
    ("operator", r"(?<= )(\+=)(?= )", "-="),
    ("operator", r"(?<= )(-=)(?= )", "+="),
    ("operator", r"(\+\+)", "--"),
    ("dropped-not", r"(?<=[(&| ])(!)(?=[\w(])", ""),
]
SHELL = COMMON + [
    ("comparison-boundary", r"(?<= )(-lt)(?= )", "-le"),
    ("comparison-boundary", r"(?<= )(-le)(?= )", "-lt"),
    ("comparison-boundary", r"(?<= )(-gt)(?= )", "-ge"),
    ("comparison-boundary", r"(?<= )(-ge)(?= )", "-gt"),
    ("comparison", r"(?<= )(-eq)(?= )", "-ne"),
    ("comparison", r"(?<= )(-ne)(?= )", "-eq"),
    ("comparison", r"(?<=\[ )(-z)(?= )", "-n"),
    ("comparison", r"(?<=\[ )(-n)(?= )", "-z"),
    ("comparison", r"(?<=\" )(=)(?= )", "!="),
    ("dropped-not", r"(?<=[ \t])(! )(?=[\w\[])", ""),
]
RULES = {"c": C_LIKE, "shell": SHELL, "other": C_LIKE}
CONSTANT = re.compile(r"(?<![\w.$#&>-])\d{1,6}(?![\w.]|>&)")
STATEMENT = {
    "c": re.compile(r"^[ \t]+(?![ \t])(?!return\b|break\b|continue\b|else\b|case\b|goto\b|(?:const |static |unsigned "
                    r"|struct )*\w+ \**\w+(?: =|;|\[))[^\n{}]*;[ \t]*$", re.M),
    "shell": re.compile(r"^[ \t]+(?![ \t])(?!fi\b|done\b|esac\b|else\b|elif\b|then\b|do\b|if\b|for\b|while\b|case\b"
                        r"|[})]|;;|[\w*|-]+\))[^\n{}|&()]*(?<![\\;({|&])$", re.M),
}
STATEMENT["other"] = STATEMENT["c"]
FUNCTION = {
    "c": re.compile(r"^\w[\w \t*]*?\b(\w+)\([^;{]*\)\s*\{", re.M),
    "shell": re.compile(r"^(\w+)\s*\(\)\s*\{", re.M),
}
FUNCTION["other"] = re.compile(r"^\s*(?:\w+\s+)*(?:def|func|fn|function|sub)\s+(\w+)", re.M)


def mutations(text, language, allowed=None):
    """Mutations, and how many there could be of all operators."""
    language = language if language in RULES else "other"
    masked = MASKS[language].sub(lambda m: re.sub(r"[^\n]", "\0", m.group()), text)
    encoded = [0]
    for character in text:
        encoded.append(encoded[-1] + len(character.encode()))
    starts = [m.start() for m in re.finditer("^", text, re.M)]
    heads = [(m.start(), m.group(1)) for m in FUNCTION[language].finditer(masked)]
    found = []

    def add(operator, start, end, replacement):
        before = [name for place, name in heads if place <= start]
        line = bisect.bisect_right(starts, start)
        found.append(Mutation(operator, before[-1] if before else "", line, encoded[start],
                              encoded[end], replacement))

    for operator, pattern, replacement in RULES[language]:
        for match in re.finditer(pattern, masked):
            add(operator, match.start(1), match.end(1), replacement)
    for match in CONSTANT.finditer(masked):
        number = int(match.group())
        if str(number) != match.group():
            continue
        add("constant", match.start(), match.end(), str(number + 1))
        if number:
            add("constant", match.start(), match.end(), str(number - 1))
    for match in STATEMENT[language].finditer(masked):
        if match.group().count("(") == match.group().count(")"):
            add("removed-statement", match.start(), min(match.end() + 1, len(text)), "")
    found.sort(key=lambda m: (m.start, m.operator, m.replacement))
    return [m for m in found if allowed is None or m.operator in allowed], len(found)
