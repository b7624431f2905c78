"""What a text of an inventory says of a server: which system it runs, its address, whether a machine is running, yes or no.

Pure: a text in, a value or nothing out. Called by the engine.
"""

from __future__ import annotations

import ipaddress
import re

from inventory.values import strip

_WINDOWS = re.compile(
    r"\b(?:microsoft|windows|win(?:dows)?[\s_-]?(?:server|20\d\d|xp|7|8|10|11)?|w2k\d*)(?:\b|_|\d)", re.IGNORECASE
)
_LINUX = re.compile(
    r"linux|ubuntu|debian|centos|red\s?hat|\brhel|suse|\bsles|\bol\d|alma|rocky|fedora|amazon|euler|kylin|photon|coreos|asianux|\bmint\b|gentoo|"
    r"scientific|\barch\b|\buos\b|deepin|cloudlinux|mandriva|turbolinux|\bbcl\d",
    re.IGNORECASE,
)
_OTHER = re.compile(r"bsd|solaris|sunos|\baix\b|hp-?ux|darwin|mac\s?os|os/?x|netware|esxi?\b|vmware|unixware|novell", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;|\[\]()\"']+")
_OFF = re.compile(
    r"(?:powered?[\s_-]?)?off|stopped|suspended|saved|paused|shut\s?down|deallocated|ausgeschaltet|aus|arrêté|éteint|"
    r"hors tension|apagado|desactivado|desligado|spento|kapalı|выключен\w*|パワーオフ|停止中|电源关闭|已关闭电源|已关闭|"
    r"关机|已关机|关闭|停止",
    re.IGNORECASE,
)
_YES = frozenset(
    {
        "true",
        "yes",
        "y",
        "1",
        "x",
        "wahr",
        "ja",
        "vrai",
        "oui",
        "verdadero",
        "sí",
        "si",
        "verdadeiro",
        "sim",
        "истина",
        "да",
        "是",
        "真",
    }
)


def os_type(text: str) -> str:
    """WINDOWS or LINUX; "" where the text says neither."""
    if _OTHER.search(text) and not _LINUX.search(text):
        return ""
    if _LINUX.search(text):
        return "LINUX"
    return "WINDOWS" if _WINDOWS.search(text) else ""


def addresses(text: str) -> list[str]:
    """The IP addresses in a text, as written, those by which a server can be reached first and IPv4 before IPv6."""
    found: dict[str, tuple[int, int]] = {}
    for word in _SEPARATORS.split(text):
        try:
            address = ipaddress.ip_address(word.partition("%")[0].partition("/")[0])
        except ValueError:
            continue
        if not address.is_unspecified:
            local = address.is_link_local or address.is_loopback
            found.setdefault(str(address), (int(local), address.version))
    return sorted(found, key=found.__getitem__)


def has_words(text: str) -> bool:
    """Whether anything stands in a text beside brackets and separators: `[];` has nothing."""
    return any(_SEPARATORS.split(strip(text)))


def is_off(text: str) -> bool:
    """Whether a power state says that the machine is not running."""
    return _OFF.fullmatch(strip(text)) is not None


def is_yes(text: str) -> bool:
    """Whether a flag is set, in the words that a spreadsheet shows TRUE by."""
    return strip(text).casefold() in _YES
