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

_DESCRIBED = Form(
    Role.SERVERS,
    (
        Take(
            "source_name",
            "sourceProperties.identificationHints.hostname; identificationHints.hostname; hostname; Source server name;"
            " Source server; tags.Name",
        ),
        Take("inventory_id", "sourceServerID; Source server ID"),
        Take("fqdn", "sourceProperties.identificationHints.fqdn; identificationHints.fqdn; fqdn"),
        Take(
            "addresses",
            "; ".join(
                f"sourceProperties.networkInterfaces{opened}{card}{closed}ips{opened}0{closed.rstrip('.')}"
                for card in range(4)
                for opened, closed in (("[", "]."), (".", "."))
            )
            + "; IP address; Private IP address",
        ),
        Take("os", "sourceProperties.os.fullString; os.fullString; Operating system; Platform"),
        Take("wave", "Wave; waveName"),
        Take(
            KEEP,
            "arn; isArchived; lifeCycle.state; Migration lifecycle; Data replication status; Alerts; Next step; Last snapshot;"
            " Application; applicationID; Replication type; replicationType; vcenterClientID; Life cycle",
        ),
    ),
    required=("inventory_id",),
    numbered=True,
    carries=True,
)
"""What `describe-source-servers` says, flattened to a table, and what the console exports. Its ids are AWS's, not those of SMS."""

_LIST = Form(Role.SERVERS, CMF_TAKES, required=("source_name", "wave|fqdn|os"), carries=True)

AWS_MGN = Format(
    "aws-mgn",
    "AWS Application Migration Service",
    (_INVENTORY, _DESCRIBED, _LIST),
    signs=(
        sign("mgn:server:user-provided-id"),
        sign("mgn:server:platform"),
        sign("mgn:server:hostname"),
        sign("sourceServerID;arn"),
        sign("sourceServerID;lifeCycle.state"),
        sign("sourceServerID;sourceProperties.os.fullString"),
        sign("Source server ID;Migration lifecycle"),
        sign("Source server ID;Data replication status"),
        sign("server_name;aws_region;server_os_family;r_type;tags"),
    ),
)
