"""Distances on the globe."""

from __future__ import annotations

import numpy as np

EARTH_RADIUS_KM = 6_371.0088  # mean radius, IUGG


def distance_km(lat_a: np.ndarray, long_a: np.ndarray, lat_b: np.ndarray, long_b: np.ndarray) -> np.ndarray:
    """Great-circle distance (haversine), rounded to 10 m so that no processor's last digits show; NaN where unknown.

    >>> one = np.ones(1)
    >>> distance_km(52.52 * one, 13.405 * one, 48.137 * one, 11.575 * one).tolist()  # Berlin to Munich
    [504.34]
    """
    phi_a, phi_b = np.radians(np.ascontiguousarray(lat_a)), np.radians(np.ascontiguousarray(lat_b))
    half_phi = np.sin((phi_b - phi_a) / 2)
    half_lambda = np.sin(np.radians(np.ascontiguousarray(long_b - long_a)) / 2)
    chord = half_phi * half_phi + np.cos(phi_a) * np.cos(phi_b) * half_lambda * half_lambda
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    rounded: np.ndarray = np.rint(distance * 100) / 100
    return rounded
