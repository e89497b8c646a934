"""A tokeniser that is named by where it can be imported: `package.module:function`."""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lda.corpus.errors import DataError
from lda.corpus.text.segmenters import SEGMENTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    Tokenizer = Callable[[str], list[str]]


def is_import_path(name: str) -> bool:
    """Whether this has the form `package.module:function`, or `package.module:Class.method`."""
    module, colon, function = name.partition(":")
    return bool(colon) and all(
        part.isidentifier() for dotted in (module, function) for part in dotted.split(".")
    )


def names_tokenizer(name: str) -> bool:
    """Whether this is the name of a segmenter, or can be an import path."""
    return name in SEGMENTERS or is_import_path(name)


def check_tokenizer_name(name: str) -> None:
    """See that a user can have meant this. Raises ValueError."""
    if not names_tokenizer(name):
        raise ValueError(
            f"tokenizer must be one of {', '.join(SEGMENTERS)} or an import path such as package.module:function, "
            f"got {name!r:.80}"
        )


def imported_function(path: str) -> Tokenizer:
    """Import what a path names. It runs code: the caller has been told to by the user.

    Raises:
        DataError: it cannot be imported, or is no function.
    """
    module, _, function = path.partition(":")
    try:
        _see_working_folder(module)
        found: Any = import_module(module)
    except ImportError as error:
        raise DataError(
            f"the tokenizer {path} cannot be imported ({error!s:.200}); install its package, or set PYTHONPATH to the "
            "folder that it lies in, if that is not the working folder"
        ) from None
    except (Exception, SystemExit) as error:  # whatever its module does
        raise DataError(
            f"the tokenizer {path} cannot be imported: {module} ends with {_told(error)}; correct it"
        ) from error
    for name in function.split("."):
        if not hasattr(found, name):
            raise DataError(
                f"the tokenizer {path} is not there: {module} has no {function}; correct the name"
            )
        found = getattr(found, name)
    if not callable(found):
        raise DataError(f"the tokenizer {path} is no function but {found!r:.60}; name a function of one text")
    return _Imported(path, cast("Tokenizer", found))


class _Imported:
    """A function with its path, by which an error names it: it is somebody else's, and may do anything."""

    def __init__(self, path: str, function: Tokenizer) -> None:
        self._path, self._function = path, function
        self.__qualname__ = getattr(function, "__qualname__", path)

    def __call__(self, text: str) -> list[str]:
        try:
            return self._function(text)
        except (
            Exception,
            SystemExit,
        ) as error:  # an exit within a library would end the command without a word
            raise DataError(
                f"the tokenizer {self._path} ended with {_told(error)}, given the text {text[:40]!r} ...; correct it"
            ) from error

    def __repr__(self) -> str:
        return self._path


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error!s:.200}"


def _see_working_folder(module: str) -> None:
    """Let a module in the working folder be found, after all that is installed, as `python -m` would find it."""
    package = module.partition(".")[0]
    here = Path.cwd()
    if find_spec(package) is None and ((here / f"{package}.py").is_file() or (here / package).is_dir()):
        sys.path.append(str(here))


def distribution_of(path: str) -> str:
    """The distribution that a path is imported from, with its version; of a module in none, the digest of its file.

    Of a package that several distributions share, the one of its name, or the first. The user has named the path: parts
    of it are imported to find the file.
    """
    package = path.partition(":")[0].partition(".")[0]
    try:
        return package_version(metadata.distribution(package).metadata["Name"])
    except metadata.PackageNotFoundError:  # the list of all takes as long as reading their files does
        found = sorted(metadata.packages_distributions().get(package, ()))
        return package_version(found[0]) if found else f"{package} {_digest_of(path.partition(':')[0])}"


def _digest_of(module: str) -> str:
    """The beginning of the sha256 of a module's file; "unknown" where there is none."""
    try:
        _see_working_folder(module)
        found = find_spec(module)
        data = b"" if found is None or found.origin is None else Path(found.origin).read_bytes()
    except (ImportError, OSError, ValueError):
        data = b""
    return f"sha256:{sha256(data).hexdigest()[:16]}" if data else "unknown"


def package_version(distribution: str) -> str:
    """Name and version of a distribution, as a recipe records it: "rjieba 0.2.2"."""
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return f"{distribution} unknown"
