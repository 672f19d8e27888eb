"""Positions of labels in a row: close to what they name, without overlaps."""

from collections.abc import Sequence


def spread(wanted: Sequence[float], pitch: float, first: float, last: float) -> list[float]:
    """Return positions at least `pitch` apart, between `first` and `last`, in the order of those wanted.

    They minimise the sum of the squared distances from the wanted positions, within `first` and `last`
    (isotonic regression by pooling adjacent violators, Barlow et al. 1972).

    Parameters
    ----------
    wanted
        In ascending order.
    pitch
        The smallest distance. All labels must fit between `first` and `last`.
    first, last
        The ends of the row.
    """
    pools: list[list[float]] = []
    for index, place in enumerate(wanted):
        pools.append([place - index * pitch])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    room = last - (len(wanted) - 1) * pitch
    levels = [min(room, max(first, _mean(pool))) for pool in pools for _ in pool]
    return [level + index * pitch for index, level in enumerate(levels)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
