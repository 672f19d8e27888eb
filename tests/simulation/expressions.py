"""DynamoDB's expressions, as far as this project uses them, compiled to Python functions.

Conditions, key conditions, filters, projections, and updates with SET and REMOVE. Paths are names of a row's
own attributes. Values and rows are in DynamoDB's wire format: `{"S": "text"}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

Value = dict[str, Any]
Row = Mapping[str, Value]
Values = Mapping[str, Value]
Names = Mapping[str, str]

Condition = Callable[[Row, Values, Names], bool]
Operand = Callable[[Row, Values, Names], Value | None]
Action = Callable[[dict[str, Value], Row, Values, Names], None]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[()=<>,+-]|[:#]?[A-Za-z0-9_]+)")
_ORDERED = ("S", "N")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class InvalidExpression(Exception):
    """DynamoDB would answer a ValidationException."""


@dataclass(frozen=True)
class Bounds:
    """The partition and the range of sort keys that a key condition names.

    Attributes
    ----------
    hash_value
        The placeholder of the partition's key, like ":pk".
    first, last
        The placeholders of the bounds, both included; None where there is none.
    prefix
        The placeholder of what sort keys begin with, or None.
    """

    hash_value: str
    first: str | None = None
    last: str | None = None
    prefix: str | None = None


@cache
def placeholders(expression: str) -> frozenset[str]:
    """Return the names and values (":value", "#name") that an expression uses."""
    return frozenset(token for token in _tokens(expression) if token[0] in ":#")


@cache
def condition(expression: str) -> Condition:
    """Return the function that evaluates a condition on a row."""
    made: Condition = _Parser(expression).whole(_Parser.disjunction)
    return made


@cache
def update(expression: str) -> tuple[Action, ...]:
    """Return functions that change a row (first argument) by reading the row as it was (second argument)."""
    made: tuple[Action, ...] = _Parser(expression).whole(_Parser.clauses)
    return made


@cache
def projection(expression: str) -> tuple[str, ...]:
    """Return the names or placeholders of the attributes that are asked for."""
    return tuple(part.strip() for part in expression.split(","))


@cache
def bounds(expression: str, hash_name: str) -> Bounds:
    """Return what a key condition names: `{hash} = :h`, alone or with a condition on the sort key."""
    tokens = _tokens(expression)
    if len(tokens) < 3 or tokens[0] != hash_name or tokens[1] != "=":
        raise InvalidExpression(f"no key condition: {expression}")
    hash_value, rest = tokens[2], tokens[4:]
    match rest:
        case []:
            return Bounds(hash_value)
        case [_, ("BETWEEN" | "between"), first, _, last]:
            return Bounds(hash_value, first, last)
        case ["begins_with", "(", _, ",", prefix, ")"]:
            return Bounds(hash_value, prefix=prefix)
        case [_, "=", only]:
            return Bounds(hash_value, only, only)
        case [_, (">" | ">="), first]:
            return Bounds(hash_value, first)
        case [_, ("<" | "<="), last]:
            return Bounds(hash_value, last=last)
    raise InvalidExpression(f"no key condition: {expression}")


def comparable(value: Value) -> Any:
    """Return a text or a number as Python compares it."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


def equal(left: Value | None, right: Value | None) -> bool:
    """Return whether two values are equal. Numbers are compared by value, not as text."""
    if left is None or right is None:
        return False
    if "N" in left and "N" in right:
        return left["N"] == right["N"] or Decimal(left["N"]) == Decimal(right["N"])
    return left == right


def _tokens(expression: str) -> list[str]:
    tokens, position = [], 0
    text = expression.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise InvalidExpression(f"not understood: {text[position:]}")
        tokens.append(found[1])
        position = found.end()
    return tokens


class _Parser:
    """A recursive descent over an expression's tokens."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._position = 0

    def whole(self, rule: Callable[["_Parser"], Any]) -> Any:
        """Return what `rule` makes of all the tokens."""
        made = rule(self)
        if self._position < len(self._tokens):
            raise InvalidExpression(f"not understood: {self._expression}")
        return made

    def disjunction(self) -> Condition:
        parts = [self._conjunction()]
        while self._skip("OR"):
            parts.append(self._conjunction())
        if len(parts) == 1:
            return parts[0]
        return lambda row, values, names: any(part(row, values, names) for part in parts)

    def clauses(self) -> tuple[Action, ...]:
        actions: list[Action] = []
        while self._position < len(self._tokens):
            keyword = self._next().upper()
            rule = {"SET": self._assignment, "REMOVE": self._removal}.get(keyword)
            if rule is None:
                raise InvalidExpression(f"not understood: {keyword}")
            actions.append(rule())
            while self._skip(","):
                actions.append(rule())
        return tuple(actions)

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self._skip("AND"):
            parts.append(self._negation())
        if len(parts) == 1:
            return parts[0]
        return lambda row, values, names: all(part(row, values, names) for part in parts)

    def _negation(self) -> Condition:
        if self._skip("NOT"):
            inner = self._negation()
            return lambda row, values, names: not inner(row, values, names)
        if self._skip("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Condition:
        token = self._peek()
        if token in ("attribute_exists", "attribute_not_exists"):
            wanted = token == "attribute_exists"
            name = self._argument()
            return lambda row, _, names: (names.get(name, name) in row) is wanted
        if token in ("begins_with", "contains"):
            return self._of_text(self._next())
        left = self._operand()
        operator = self._next().upper()
        if operator == "BETWEEN":
            first = self._operand()
            self._expect("AND")
            last = self._operand()
            lower, upper = _ordering(">=", left, first), _ordering("<=", left, last)
            return lambda row, values, names: lower(row, values, names) and upper(row, values, names)
        right = self._operand()
        if operator == "=":
            return lambda row, values, names: equal(left(row, values, names), right(row, values, names))
        if operator == "<>":
            return lambda row, values, names: not equal(left(row, values, names), right(row, values, names))
        if operator in _COMPARISONS:
            return _ordering(operator, left, right)
        raise InvalidExpression(f"not understood: {operator}")

    def _of_text(self, function: str) -> Condition:
        self._expect("(")
        left = self._operand()
        self._expect(",")
        right = self._operand()
        self._expect(")")

        def holds(row: Row, values: Values, names: Names) -> bool:
            text, part = left(row, values, names), right(row, values, names)
            if text is None or part is None or "S" not in text or "S" not in part:
                return False
            if function == "begins_with":
                return bool(text["S"].startswith(part["S"]))
            return part["S"] in text["S"]

        return holds

    def _assignment(self) -> Action:
        name = self._next()
        self._expect("=")
        value = self._sum()

        def assign(new: dict[str, Value], old: Row, values: Values, names: Names) -> None:
            assigned = value(old, values, names)
            if assigned is None:
                raise InvalidExpression("an operand is an attribute that the row does not have")
            new[names.get(name, name)] = assigned

        return assign

    def _removal(self) -> Action:
        name = self._next()

        def remove(new: dict[str, Value], _old: Row, _values: Values, names: Names) -> None:
            new.pop(names.get(name, name), None)

        return remove

    def _sum(self) -> Operand:
        left = self._operand()
        if self._peek() not in ("+", "-"):
            return left
        sign = 1 if self._next() == "+" else -1
        right = self._operand()

        def add(row: Row, values: Values, names: Names) -> Value:
            summands = left(row, values, names), right(row, values, names)
            if any(summand is None or "N" not in summand for summand in summands):
                raise InvalidExpression("only numbers can be added")
            first, second = (Decimal(summand["N"]) for summand in summands if summand is not None)
            return {"N": str(first + sign * second)}

        return add

    def _operand(self) -> Operand:
        token = self._next()
        if token.startswith(":"):
            return lambda _row, values, _names: values[token]
        if token == "if_not_exists":
            self._expect("(")
            name = self._next()
            self._expect(",")
            other = self._operand()
            self._expect(")")
            return lambda row, values, names: row.get(names.get(name, name)) or other(row, values, names)
        return lambda row, _values, names: row.get(names.get(token, token))

    def _argument(self) -> str:
        self._next()
        self._expect("(")
        name = self._next()
        self._expect(")")
        return name

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise InvalidExpression(f"ends too early: {self._expression}")
        self._position += 1
        return token

    def _skip(self, keyword: str) -> bool:
        if self._peek().upper() != keyword:
            return False
        self._position += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise InvalidExpression(f"{token} is missing: {self._expression}")


def _ordering(operator: str, left: Operand, right: Operand) -> Condition:
    compare = _COMPARISONS[operator]

    def holds(row: Row, values: Values, names: Names) -> bool:
        first, second = left(row, values, names), right(row, values, names)
        if first is None or second is None:
            return False
        kind = next(iter(first))
        if kind not in _ORDERED or kind not in second:
            return False
        return compare(comparable(first), comparable(second))

    return holds
