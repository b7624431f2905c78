"""Any list of servers: name, address, system, wave and size by the words that people use for them, in many languages.

What has no such word is carried as it is. Where `auto` ends. A list with nothing but a column called Name (Nom, Nombre, 名称 ...)
is taken unless it speaks of programs: recognise.py decides that.
"""

from __future__ import annotations

from inventory.importers.forms import Form, Format, Role, Take

_SPOKEN = (
    "addresses",
    "fqdn",
    "os",
    "wave",
    "inventory_id",
    "total_size",
    "total_used",
    "disk_count",
    "target_name",
    "note",
    "power",
)
_OWN = (Take("template", "Template; Is template; Vorlage"),)

GENERIC_SERVERS = Form(Role.SERVERS, _OWN, required=("source_name",), spoken=("source_name", *_SPOKEN), numbered=True, carries=True)
"""A list whose column for the name can only be a server's."""

GENERIC_FLAT = Form(
    Role.SERVERS,
    _OWN,
    required=("source_name",),
    spoken=("source_name", *(field for field in _SPOKEN if field not in {"total_size", "total_used", "disk_count"})),
    carries=True,
)
"""A list with a row for each disk: the servers are those that it names, each once."""

GENERIC_NAMES = Form(
    Role.SERVERS,
    _OWN,
    required=("source_name",),
    spoken=("source_name", "source_name=weak_name", *_SPOKEN),
    numbered=True,
    carries=True,
)
"""A list whose names may be of anything."""

GENERIC_HOSTS = Form(
    Role.SERVERS,
    _OWN,
    required=("fqdn|addresses", "os|wave|total_size|disk_count|power"),
    spoken=("source_name=weak_name", *_SPOKEN),
    numbered=True,
    carries=True,
)
"""A list that has its servers' host names or addresses alone."""

GENERIC_DISKS = Form(
    Role.DISKS,
    (
        Take(
            "disk_name",
            "Disk name; Disk; Disk label; Device; Volume; Hard disk; Disk number; Disk no; VhdPath; Disk path; Festplatte; Disque;"
            " Disco; Диск; Datenträger; Plattenname; Nom du disque;"
            " Nombre del disco; 磁盘名称; 磁盘",
        ),
        Take("used", "Used; Used space; Used size; Disk used; Belegt; Utilisé; Usado; 已用"),
        Take(
            "size",
            "Size; Disk size; Capacity; Disk capacity; Größe; Plattengröße; Kapazität; Taille; Taille du disque; Capacité;"
            " Tamaño; Tamaño del disco; Размер;"
            "大小; 容量; 磁盘大小; サイズ; 용량",
        ),
    ),
    required=("server", "size"),
    spoken=("server=source_name",),
)

GENERIC = Format("generic", "a list of servers", (GENERIC_SERVERS, GENERIC_NAMES, GENERIC_HOSTS, GENERIC_DISKS))
