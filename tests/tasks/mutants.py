"""Small changes of a function's source: each is a mistake that a check should notice."""

import ast
import copy
import inspect
import textwrap

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Mod)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
SWAPPED = {
    **{"cos": "sin", "sin": "cos", "min": "max", "max": "min", "minimum": "maximum"},
    **{"maximum": "minimum", "argmin": "argmax", "argmax": "argmin", "floor": "ceil"},
    **{"ceil": "floor", "sqrt": "square", "exp": "log", "log": "exp", "mean": "median"},
    **{"cumsum": "cumprod", "any": "all", "all": "any", "append": "extend", "round": "int"},
}


def mutants(function):
    """Return changed copies of a function: what was changed, in words, and the function."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise ValueError(f"{function.__name__} must be a def, to have its parts named")
    tree.decorator_list = []
    found, seen = [], {ast.dump(tree)}
    for index, node in enumerate(ast.walk(tree)):
        for words, change in _changes(node, tree):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[index]
            changed = _replaced(changed, twin, change(copy.deepcopy(twin)))
            ast.fix_missing_locations(changed)
            written = ast.dump(changed)
            if written not in seen:
                seen.add(written)
                line = source.splitlines()[getattr(node, "lineno", 1) - 1]
                column = getattr(node, "col_offset", 0) - len(line) + len(line.lstrip())
                where = f"column {column} of `{line.strip()}`"
                found.append((f"{words}, {where}", _compiled(changed, function)))
    return found


def _changes(node, tree):
    """Yield what can be changed at a node: words, and a function from node to node."""
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS:
            yield f"{_sign(node.op)} to {_sign(operator())}", _set(op=operator())
    if isinstance(node, ast.AugAssign):
        for operator in OPERATORS:
            yield f"{_sign(node.op)} to {_sign(operator())}", _set(op=operator())
    if isinstance(node, ast.Call):
        yield "call + 1", _with_one(ast.Add())
        yield "call * 2", lambda twin: ast.BinOp(ast.Constant(2), ast.Mult(), twin)
    if isinstance(node, ast.Compare):
        for operator in COMPARISONS:
            yield f"{_sign(node.ops[0])} to {_sign(operator())}", _set(ops=[operator()])
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in (node.value + 1, node.value - 1, 2 * node.value, node.value / 2, 0):
            yield f"{node.value} to {value}", _set(value=value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "sign left out", lambda twin: twin.operand
    if isinstance(node, ast.Attribute) and node.attr in SWAPPED:
        yield f"{node.attr} to {SWAPPED[node.attr]}", _set(attr=SWAPPED[node.attr])
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if node.id in SWAPPED:
            yield f"{node.id} to {SWAPPED[node.id]}", _set(id=SWAPPED[node.id])
        names = {argument.arg for argument in tree.args.args}
        if node.id in names:
            for other in sorted(names - {node.id}):
                yield f"{node.id} to {other}", _set(id=other)
            for sign in (ast.Add(), ast.Sub()):
                yield f"{node.id} {_sign(sign)} 1", _with_one(sign)
            yield f"minus {node.id}", lambda twin: ast.UnaryOp(ast.USub(), twin)
    if isinstance(node, ast.IfExp):
        yield "branches swapped", lambda twin: ast.IfExp(twin.test, twin.orelse, twin.body)
    if isinstance(node, ast.Return) and node.value is not None:
        for factor in (2, -1):
            yield f"{factor} times", _times(factor)


def _set(**fields):
    def change(twin):
        for name, value in fields.items():
            setattr(twin, name, value)
        return twin

    return change


def _with_one(sign):
    return lambda twin: ast.BinOp(twin, sign, ast.Constant(1))


def _times(factor):
    return lambda twin: ast.Return(ast.BinOp(ast.Constant(factor), ast.Mult(), twin.value))


def _sign(operator):
    return type(operator).__name__


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else super().generic_visit(node)


def _replaced(tree, old, new):
    return tree if old is new else _Replace(old, new).visit(tree)


def _compiled(tree, function):
    # Names of the module stay as they are; a closure's are not there, so references have none.
    space = dict(vars(inspect.getmodule(function)))
    exec(compile(ast.Module([tree], []), f"<mutant of {function.__name__}>", "exec"), space)
    return space[tree.name]
