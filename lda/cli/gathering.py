"""From the values that click passes by name to one typed object a command: the only place where they lie loose."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.cli.option import Function

Options = TypeVar("Options")


def gathered(
    name: str,
    make: Callable[..., object],
    *options: Callable[[Any], Any],
    names: Sequence[str] | None = None,
) -> Callable[[Function], Function]:
    """A decorator that adds options to a command, which gets what `make` makes of their values as one argument.

    Args:
        name: of the argument.
        make: called with the values by name, such as a dataclass; it raises click.UsageError for what cannot be.
        options: decorators of click, in the order of the help.
        names: of the values; None takes those that `make` has parameters for, as far as the command has them.
    """
    taken = tuple(signature(make).parameters) if names is None else tuple(names)

    def decorate(function: Function) -> Function:
        @wraps(function)
        def gathering(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - as click calls it
            own = {known: values.pop(known) for known in taken if known in values}
            return function(*args, **values, **{name: make(**own)})

        decorated: Any = gathering
        for add in reversed(options):
            decorated = add(decorated)
        return decorated  # type: ignore[no-any-return]  # a function like the one it was

    return decorate


def taking(make: Callable[..., Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """A decorator, the innermost one, for a command that takes all its options as one object.

    make: the class of that object; the names of its fields are those of the options, or of what was gathered of them.
    One too many or too few is a TypeError: no option is lost on the way.
    """

    def decorate(function: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(function)
        def called(**values: Any) -> None:  # noqa: ANN401 - as click calls it
            function(make(**values))

        return called

    return decorate
