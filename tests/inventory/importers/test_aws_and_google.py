"""AWS (CMF's intake form, MGN's own CSV) and Google (a runbook, Migration Center): lists with waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.importers.run import import_file
from tests.inventory.importers.samples import GIB, codes, disks, listed, said, text

if TYPE_CHECKING:
    from pathlib import Path


def test_older_and_newer_intake_forms(tmp_path: Path) -> None:
    """`server_os` of old and `server_os_family` of today; a host name that is an address is one; other clouds' targets are kept."""
    old = listed(
        tmp_path,
        "wave_name,app_name,cloudendure_projectname,server_name,server_os,server_fqdn,subnet_IDs\n"
        "W1,hr,p,s1,windows,10.1.1.1,sub-1;sub-2\n",
    )
    assert (old.format, said(old, "wave", "source_name", "source_ip", "os_type")) == (
        "aws-cmf",
        [["W1", "s1", "10.1.1.1", "WINDOWS"]],
    )
    assert old.servers[0].extra["subnet_IDs"] == "sub-1;sub-2"
    new = listed(
        tmp_path,
        "wave_name,app_name,aws_accountid,aws_region,server_name,server_os_family,server_os_version,server_fqdn,r_type,iamRole\n"
        "W1,hr,012345678901,eu-west-1,s1,linux,RHEL 8,s1.example,Rehost,r\n"
        "W1,hr,012345678901,eu-west-1,s2,linux,RHEL 8,s1.example,Retire,r\n",
    )
    assert (new.format, new.servers[0].extra["aws_accountid"], new.servers[0].fqdn) == ("aws-cmf", "012345678901", "s1.example")
    assert {"IMPORT-119", "IMPORT-125"} <= set(codes(new))


def test_mgn_inventory(tmp_path: Path) -> None:
    """The service's own columns begin with mgn:, its id joins nothing here but is kept."""
    made = listed(
        tmp_path,
        "mgn:account-id,mgn:wave:name,mgn:app:name,"
        "mgn:server:user-provided-id,mgn:server:platform,mgn:server:fqdn-for-action-framework,mgn:launch:instance-type\n"
        "111122223333,Wave 3,shop,pay-02,LINUX,pay-02.example,m6i.large\n",
    )
    assert (made.format, said(made, "wave", "source_name", "os_type", "inventory_id")) == (
        "aws-mgn",
        [["Wave 3", "pay-02.example", "LINUX", "pay-02"]],
    )
    assert made.servers[0].extra["mgn:launch:instance-type"] == "m6i.large"


def test_a_runbook(tmp_path: Path) -> None:
    """Its run group is the wave; the space of one disk is that disk's, of several it stays a total."""
    made = listed(
        tmp_path,
        "RunGroup,BlockOnFailure,VmID,VmName,OsType,NumDisks,ProvisionedSpaceGB,TargetInstanceName\n"
        "1,true,vm-1,web,Ubuntu Linux (64-bit),1,17,web-new\n2,false,vm-2,,Windows,3,90.5,\n",
    )
    assert (made.format, made.disks) == ("google-m2vm", 4)
    assert disks(made) == [("web", "Disk 1", 17 * GIB), ("vm-2", "3 disks together", 181 * GIB // 2)]
    assert said(made, "wave", "source_name", "target_name", "inventory_id") == [
        ["1", "web", "web-new", "vm-1"],
        ["2", "vm-2", "", "vm-2"],
    ]
    tagged = listed(tmp_path, "tag:RunGroup,tag:VmName,tag:OsType\n7,web,linux\n")
    assert (tagged.format, said(tagged, "wave", "source_name")) == ("google-m2vm", [["7", "web"]])


def test_migration_center(tmp_path: Path) -> None:
    """vmInfo.csv and diskInfo.csv are joined by the machine's id."""
    text(
        tmp_path / "vmInfo.csv",
        "MachineId,MachineName,PrimaryIPAddress(optional),"
        "TotalDiskAllocatedGiB,OsName,MachineStatus(optional)\nm-1,web,10.0.0.9,50,Debian 11,running\n",
    )
    text(tmp_path / "diskInfo.csv", "MachineId,DiskLabel,SizeInGib,UsedInGib\nm-1,sda,30,10\nm-1,sdb,20,5\n")
    made = import_file(tmp_path)
    assert (made.format, disks(made)) == ("google-m2vm", [("web", "sda", 30 * GIB), ("web", "sdb", 20 * GIB)])
    assert said(made, "source_ip", "os_type") == [["10.0.0.9", "LINUX"]]
