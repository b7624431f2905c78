"""AWS Cloud Migration Factory: the intake form, older (CloudEndure) and newer.

It has no sizes; targets of another cloud are kept as notes.
"""

from __future__ import annotations

from inventory.importers.forms import KEEP, Form, Format, Role, Take, sign

CMF_TAKES = (
    Take("wave", "wave_name; wave; wave_id"),
    Take("source_name", "server_name; servername; server"),
    Take("fqdn", "server_fqdn; fqdn; host name; hostname"),
    Take("addresses", "server_ip; ip_address; source_ip; private_ip_source"),
    Take("os", "server_os_family; server_os; os_family; server_os_version; os_version"),
    Take("strategy", "r_type; migration_strategy"),
    Take(
        KEEP,
        "app_name; aws_region; aws_accountid; cloudendure_projectname; server_tier; server_environment; subnet_IDs;"
        " securitygroup_IDs; subnet_IDs_test;"
        "securitygroup_IDs_test; instanceType; tenancy; tags; iamRole; private_IP; dedicated host id; dedicated_host_id;"
        " add_vols_volsize; network_interface_id;"
        "network_interface_id_test; instanceProfile; host_resource_group_arn; volume_type; license_type; server_type;"
        " migration_status; replication_status",
    ),
)

_FORM = Form(Role.SERVERS, CMF_TAKES, required=("source_name",), carries=True)

AWS_CMF = Format(
    "aws-cmf",
    "AWS Cloud Migration Factory",
    (_FORM,),
    signs=(
        sign("server_name;cloudendure_projectname"),
        sign("server_name;server_os;wave_name"),
        sign("server_name;server_fqdn;iamRole"),
        sign("server_name;server_os_family;wave_name"),
        sign("server_name;server_fqdn;app_name"),
        sign("server_name;r_type"),
    ),
)
