"""How `LDA(...)` understands calls that are written for other libraries, before its constructor sees them.

The constructor itself has no `**keywords`: `get_params`, `set_params`, `clone`, pickles and `help` know the declared
parameters only. Rejected: a `__new__` that rewrites its arguments, because Python hands the original ones to `__init__`
all the same; and a decorator around `__init__`, because scikit-learn reads the parameters from its signature, and
editors lose theirs.
"""

from __future__ import annotations

import inspect
from abc import ABCMeta
from importlib import import_module
from typing import Any, Final

from lda.estimator.parameter_aliases import check_prior_of_call, is_call_of_package_lda, translate

IN_ITS_WORDS: Final = "lda.estimator.package_lda"
"""The module of what a call in the words of the package `lda` makes. It builds on the class whose metaclass this is."""


class CallConventions(ABCMeta):
    """Metaclass of `LDA`: a call with other names is translated, then it is the call of any class.

    Neither unpickling nor copying calls a class, and `clone` calls it with its own names: only what people write is
    translated.
    """

    def __call__(cls, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as of any class
        """Make an instance. Raises TypeError for a name that is explained, or for one and its synonym together."""
        if is_call_of_package_lda(args, keywords):
            meant = import_module(IN_ITS_WORDS).PackageLDA
            if cls in meant.__bases__:  # a class of somebody else has a constructor of its own
                return meant(*args, **keywords)
        declared = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in declared.values()):
            check_prior_of_call(args, keywords)
            args, keywords = translate(args, keywords, cls.__signature__, cls.__name__)
        return super().__call__(*args, **keywords)

    @property
    def __signature__(cls) -> inspect.Signature:
        """The constructor's own, which `inspect` and `help` would take from `__call__` above otherwise."""
        constructor = inspect.signature(cls.__init__)  # type: ignore[misc]
        return constructor.replace(
            parameters=list(constructor.parameters.values())[1:], return_annotation=inspect.Signature.empty
        )
