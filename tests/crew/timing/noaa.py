"""Sunrise and sunset by NOAA's Solar Calculator, written from its published equations and from nothing else.

NOAA Global Monitoring Laboratory, "Solar Calculation Details" (https://gml.noaa.gov/grad/solcalc/calcdetails.html), the
sheet NOAA_Solar_Calculations_day; the equations are from Jean Meeus, Astronomical Algorithms. Angles are in degrees,
east is positive, and sunrise is the sun's centre 0.833 degrees below the horizon.
"""

import datetime as dt
from math import acos, asin, cos, degrees, radians, sin, tan

HORIZON = 90.833


def sunset(latitude: float, longitude: float, on: dt.date) -> dt.datetime:
    """Return the sunset (UTC) of the solar day whose noon is nearest 12:00 of that date at the longitude."""
    return _crossing(latitude, longitude, on, +1)


def sunrise(latitude: float, longitude: float, on: dt.date) -> dt.datetime:
    """Return the sunrise (UTC) of that day."""
    return _crossing(latitude, longitude, on, -1)


def _crossing(latitude: float, longitude: float, on: dt.date, way: int) -> dt.datetime:
    midnight = dt.datetime.combine(on, dt.time(), dt.UTC)
    minutes = 720 - 4 * longitude
    for _ in range(5):  # The sun moves on until it sets; five rounds settle within a hundredth of a second.
        declination, equation = _sun(midnight + dt.timedelta(minutes=minutes))
        hour_angle = degrees(
            acos(
                cos(radians(HORIZON)) / (cos(radians(latitude)) * cos(radians(declination)))
                - tan(radians(latitude)) * tan(radians(declination))
            )
        )
        minutes = 720 - 4 * longitude - equation + way * 4 * hour_angle
    return midnight + dt.timedelta(minutes=minutes)


def _sun(at: dt.datetime) -> tuple[float, float]:
    """Return the sun's declination in degrees and the equation of time in minutes."""
    julian_day = 2440587.5 + at.timestamp() / 86400
    century = (julian_day - 2451545) / 36525
    mean_longitude = (280.46646 + century * (36000.76983 + century * 0.0003032)) % 360
    mean_anomaly = 357.52911 + century * (35999.05029 - 0.0001537 * century)
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        sin(radians(mean_anomaly)) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + sin(radians(2 * mean_anomaly)) * (0.019993 - 0.000101 * century)
        + sin(radians(3 * mean_anomaly)) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    apparent_longitude = mean_longitude + centre - 0.00569 - 0.00478 * sin(node)
    mean_obliquity = (
        23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60
    )
    obliquity = radians(mean_obliquity + 0.00256 * cos(node))
    declination = degrees(asin(sin(obliquity) * sin(radians(apparent_longitude))))
    y = tan(obliquity / 2) ** 2
    longitude, anomaly = radians(mean_longitude), radians(mean_anomaly)
    equation = 4 * degrees(
        y * sin(2 * longitude)
        - 2 * eccentricity * sin(anomaly)
        + 4 * eccentricity * y * sin(anomaly) * cos(2 * longitude)
        - 0.5 * y * y * sin(4 * longitude)
        - 1.25 * eccentricity * eccentricity * sin(2 * anomaly)
    )
    return declination, equation
