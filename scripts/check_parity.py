"""``elpips check-parity``: our metrics against results of the authors' implementation.

Cases are a JSON list of objects with the `_Case` fields ``case``, ``metric``, ``image``,
``reference``, ``top``, ``left``, ``height``, ``width`` and the transformation's
``scale_level`` and ``swap_xy``. An .npz of the same stem beside it holds ``CASE.distance``
(N,), the rest of the transformation (``offset_yx`` (N, 2), ``flip`` (N,), ``color`` (N, 3),
``channel_permutation`` (N, 3), ``scale_offset_yx`` (2,)) and, where there are some, the results
``gradient`` (H, W, 3), ``grad_norm`` (N,) and ``transformed`` (H', W', 3).
"""
