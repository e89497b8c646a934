"""The files of a compiled kernel, where neither a damaged file nor a full disk ends what needs the kernel.

Numba passes on whatever reading or writing them raises, and so a file cut short by a crash would end every later fit.
Used of Numba are the classes of `numba.core.caching` and what they document for a subclass: `_impl_class`,
`load_overload`, `save_overload` and `_locator_classes`.
"""

from __future__ import annotations

import hashlib
import pickle
from contextlib import suppress
from glob import escape
from pathlib import Path

from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

from lda.samplers.numerics.kernel_cache import tell_not_kept


class _Place(UserProvidedCacheLocator):
    """The folder given to Numba, also where it can be read alone: an image may have been filled by `lda warm`."""

    def ensure_cache_path(self) -> None:
        """Make the folder, where that is allowed; whether it can be written shows when something is."""
        with suppress(OSError):
            super().ensure_cache_path()


class _Checked(CompileResultCacheImpl):
    """A compiled kernel as bytes with their sha256: machine code of which one bit is wrong can do anything."""

    _locator_classes = [_Place]  # noqa: RUF012 - as Numba declares it
    """Not the folder of the sources, which Numba takes where the one given to it cannot be written."""

    def reduce(self, cres: object) -> tuple[bytes, bytes]:
        packed = dumps(super().reduce(cres))
        return hashlib.sha256(packed).digest(), packed

    def rebuild(self, target_context: object, payload: tuple[bytes, bytes]) -> object:
        digest, packed = payload
        if hashlib.sha256(packed).digest() != digest:
            raise ValueError("damaged")
        return super().rebuild(target_context, pickle.loads(packed))  # noqa: S301 - as Numba reads its own files


class KeptKernel(FunctionCache):
    """Files of one kernel. What cannot be read is not there, what cannot be written is told once in a process."""

    _impl_class = _Checked

    def load_overload(self, sig: object, target_context: object) -> object:
        """The kernel for the types `sig`, or None, in which case it is compiled and its files are replaced."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # noqa: BLE001 - pickle raises errors of any kind for bytes that it did not write
            self._forget()
            return None

    def save_overload(self, sig: object, data: object) -> None:
        """Keep what has been compiled for the types `sig`, where there is room for it."""
        try:
            super().save_overload(sig, data)
        except Exception as error:  # noqa: BLE001 - an index that is damaged and cannot be removed, for one
            self._forget()
            tell_not_kept(error)

    def _forget(self) -> None:
        """Remove the files of the kernel. With an index alone, a file left by another Numba might pass for its own."""
        for ending in ("nbi", "*.nbc"):
            for file in Path(self.cache_path).glob(f"{escape(self._impl.filename_base)}.{ending}"):
                with suppress(OSError):
                    file.unlink()
