"""AWS Application Migration Service: its own import and export CSV (`mgn:...`), and the server list of its automation scripts."""

from __future__ import annotations

from inventory.importers.aws_cmf import CMF_TAKES
from inventory.importers.forms import KEEP, Form, Format, Role, Take, sign

_INVENTORY = Form(
    Role.SERVERS,
    (
        Take("wave", "mgn:wave:name"),
        Take("source_name", "mgn:server:hostname; mgn:server:tag:Name"),
        Take("inventory_id", "mgn:server:user-provided-id; mgn:server:vmware-uuid; mgn:server:id; mgn:server:aws-instance-id"),
        Take("fqdn", "mgn:server:fqdn; mgn:server:fqdn-for-action-framework"),
        Take("os", "mgn:server:platform; mgn:server:os"),
        Take("addresses", "mgn:server:ip; mgn:server:private-ip"),
        Take(KEEP, "mgn:app:name; mgn:account-id; mgn:region; mgn:app:description; mgn:wave:description"),
    ),
    required=("source_name|inventory_id|fqdn",),
    carries=True,
)

_LIST = Form(Role.SERVERS, CMF_TAKES, required=("source_name", "wave|fqdn|os"), carries=True)

AWS_MGN = Format(
    "aws-mgn",
    "AWS Application Migration Service",
    (_INVENTORY, _LIST),
    signs=(
        sign("mgn:server:user-provided-id"),
        sign("mgn:server:platform"),
        sign("mgn:server:hostname"),
        sign("server_name;aws_region;server_os_family;r_type;tags"),
    ),
)
