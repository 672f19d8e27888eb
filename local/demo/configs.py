"""The configs that the demo network's enclosures and observatories would send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from local.demo.sites import PIXEL_MICRONS, SITES, Site, Telescope

DATA: Final = Path(__file__).parent / "data"
SETPOINT: Final = -10
"""Temperature to which the demo cameras are cooled (°C)."""


def site_configurations() -> dict[str, dict[str, Any]]:
    """Configs of the demo network's six sites: three enclosures with an observatory in each.

    Returns
    -------
    dict
        From site code to config, fit for JSON; a new copy at every call.
    """
    configs: dict[str, dict[str, Any]] = {}
    for site in SITES:
        configs[site.enclosure] = _merged(_template("enclosure"), _enclosure_differences(site))
        configs[site.observatory] = _merged(_template("observatory"), _observatory_differences(site))
    return configs


def _template(name: str) -> dict[str, Any]:
    """Read what all configs of a kind have in common."""
    template: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return template


def _merged(base: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    """Combine two configs, going into objects that are in both; a value of `differences` wins."""
    nested = {
        key: _merged(base[key], value) if isinstance(value, dict) and key in base else value
        for key, value in differences.items()
    }
    return base | nested


def _enclosure_differences(site: Site) -> dict[str, Any]:
    """What an enclosure's config says that others do not."""
    host = f"{site.enclosure}-weather"
    return {
        "wema_name": site.enclosure,
        "obsp_ids": [site.observatory],
        "site_desc": f"{site.title}, {site.location}. {site.elevation:g} m above sea level",
        "airport_codes": list(site.airports),
        "client_hostnames": [f"{site.observatory}-control"],
        "wema_hostname": host,
        "host_wema_site_name": site.enclosure.upper(),
        "wema_path": f"C:/demo/{site.enclosure}/",
        "plog_path": f"C:/demo/{site.enclosure}/plog/",
        "wema_write_share_path": f"C:/demo/{site.enclosure}/share/",
        "name": f"{site.title} Observatory",
        "location": site.location,
        "TZ_database_name": site.timezone,
        "time_offset": site.zone_hours,
        "timezone": site.zone_name,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "elevation": site.elevation,
        "reference_ambient": site.ambient,
        "reference_pressure": site.pressure,
        "enclosure": {
            "enclosure1": {"name": f"{site.title} roll-off roof", "encl_serves": [site.observatory]}
        },
    }


def _observatory_differences(site: Site) -> dict[str, Any]:
    """What an observatory's config says that others do not."""
    code = site.observatory
    telescope = site.telescope
    return {
        "wema_name": site.enclosure,
        "obs_id": code,
        "name": f"{site.title} Observatory {telescope.aperture / 1000:.2f} m",
        "airport_code": site.airports[0],
        "location": site.location,
        "telescope_description": f"{telescope.name} on {telescope.mount}, {telescope.aperture:g} mm",
        "pipe_archive_folder_path": f"C:/demo/{code}/pipe/",
        "temporary_local_pipe_archive_to_hold_files_while_copying": f"C:/demo/{code}/temp_pipe/",
        "temporary_local_alt_archive_to_hold_files_while_copying": f"C:/demo/{code}/temp_alt/",
        "client_hostname": f"{code}-control",
        "archive_path": f"C:/demo/{code}/archive/",
        "local_calibration_path": f"C:/demo/{code}/calibration/",
        "alt_path": f"C:/demo/{code}/alt/",
        "plog_path": f"C:/demo/{code}/plog/",
        "save_to_alt_path": "no",
        "configdb_telescope": f"0m{round(telescope.aperture / 100)}",
        "mount": {"eastpier": _mount(site)},
        "telescope": {"Main OTA": _tube(code, telescope)},
        "focuser": {"focuser": {"reference": telescope.focus}},
        "camera": {"camera_1_1": _camera(telescope)},
    }


def _mount(site: Site) -> dict[str, Any]:
    """What differs between mounts."""
    return {
        "tel_id": site.telescope.name,
        "hostname": f"{site.observatory}-control",
        "desc": site.telescope.mount,
        "pointing_tel": "Main OTA",
    }


def _tube(code: str, telescope: Telescope) -> dict[str, Any]:
    """What differs between telescopes (lengths in mm, area in mm², obscuration in percent)."""
    return {
        "telescop": code,
        "ptrtel": telescope.name,
        "collecting_area": round(telescope.collecting_area, 1),
        "obscuration": telescope.obscuration * 100,
        "aperture": telescope.aperture,
        "f-ratio": round(telescope.focal_length / telescope.aperture, 2),
        "focal_length": telescope.focal_length,
    }


def _camera(telescope: Telescope) -> dict[str, Any]:
    """What differs between cameras; all are of one make."""
    return {
        "name": telescope.instrument,
        "settings": {
            "temp_setpoint": SETPOINT,
            "x_pixel": PIXEL_MICRONS,
            "y_pixel": PIXEL_MICRONS,
            "manual_onebyone_pix_scale": round(telescope.native_pixel_scale, 5),
        },
    }
