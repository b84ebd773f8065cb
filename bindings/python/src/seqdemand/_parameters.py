# SPDX-License-Identifier: Apache-2.0
"""Options as the parameters of an estimator, by the rules of scikit-learn, which is not needed for it."""
from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from . import _options
from ._context import Context

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._option_types import Options

Self = TypeVar("Self", bound="Parameters")


_SELF = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORDS = {name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in _options.TABLE}


def _constructor(fixed: dict[str, str]) -> Any:
    """An __init__ with an explicit signature, as scikit-learn's rules ask for: one keyword for each option."""

    def __init__(self: Parameters, **options: Any) -> None:
        Parameters.__init__(self, **options)

    parameters = [keyword for name, keyword in _KEYWORDS.items() if name not in fixed]
    __init__.__signature__ = inspect.Signature([_SELF, *parameters])  # type: ignore[attr-defined]
    return __init__


class Parameters:
    """Keyword arguments are the library's options (see `seqdemand.describe()`); None leaves the default."""

    _fixed: ClassVar[dict[str, str]] = {}  # what the class itself says

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.__init__ = _constructor(cls._fixed)  # type: ignore[method-assign]

    def __init__(self, **options: Unpack[Options]) -> None:
        unknown = [name for name in options if name not in _options.TABLE or name in self._fixed]
        if unknown:
            _options.make(Context(), {unknown[0]: options[unknown[0]]})  # type: ignore[literal-required]
            raise TypeError(f"{type(self).__name__} has {unknown[0]} set already")
        for name in _options.TABLE:
            if name not in self._fixed:
                setattr(self, name, options.get(name))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Every option by its name; None where it has its default."""
        return {name: getattr(self, name) for name in _options.TABLE if name not in self._fixed}

    def set_params(self: Self, **parameters: Any) -> Self:
        """Sets options. Raises OptionError, with the nearest name, for one that there is not."""
        known = self.get_params()
        for name in parameters:
            if name not in _options.TABLE:
                _options.make(Context(), {name: parameters[name]})
            if name not in known:
                raise ValueError(f"{type(self).__name__} has {name} set already")
        for name, setting in parameters.items():
            setattr(self, name, setting)
        return self

    def _settings(self, **more: Any) -> dict[str, Any]:
        """All options for the library; what is None in `more` stays as it is."""
        return {**self.get_params(), **self._fixed, **{name: item for name, item in more.items() if item is not None}}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={setting!r}" for name, setting in self.get_params().items() if setting is not None)
        return f"{type(self).__name__}({given})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False),
                    input_tags=InputTags(two_d_array=False, string=True, allow_nan=True))
