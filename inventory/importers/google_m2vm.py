"""Google Migrate: a runbook of Migrate for Compute Engine (or with `tag:` columns), and Migration Center's vmInfo and diskInfo.

Sizes are GiB; a runbook knows the space of the whole machine. `RunGroup` is a wave, `BlockOnFailure` a gate that a plan has as
`needs_approval`.
"""

from __future__ import annotations

from inventory.importers.forms import KEEP, Form, Format, Role, Take, sign

_RUNBOOK = Form(
    Role.SERVERS,
    (
        Take("wave", "RunGroup; Run Group; tag:RunGroup"),
        Take("source_name", "VmName; VM Name; tag:VmName; tag:Name; InstanceName"),
        Take("inventory_id", "VmID; VM ID; tag:VmID; InstanceId"),
        Take("os", "OsType; tag:OsType; OS; OsName"),
        Take("disk_count", "NumDisks; tag:NumDisks"),
        Take("total_size", "ProvisionedSpace; tag:ProvisionedSpace; Provisioned Space", "GB"),
        Take("target_name", "TargetInstanceName; tag:TargetInstanceName"),
        Take(
            KEEP,
            "BlockOnFailure; tag:BlockOnFailure; SourceCloudDetails; OsLicense; NumCPU; MemoryGB; TargetCloudExtension;"
            " TargetEdgeNode; WriteIsolation;"
            "TargetInstanceType; TargetSubnet; TargetStaticIP; TargetPublicIP; GcpEphemeralPublicIp; GcpProject;"
            " GcpNetworkTags;"
            "GcpInstanceServiceAccount; GcpDiskType; ProbeTCPPort; ProbeWaitMinutes; StorageMbWriteCache; TargetZone;"
            " TargetProject; GcpNetworkTag",
        ),
    ),
    required=("source_name|inventory_id", "wave|target_name|disk_count|total_size"),
    carries=True,
)

_MACHINES = Form(
    Role.SERVERS,
    (
        Take("source_name", "MachineName"),
        Take("inventory_id", "MachineId"),
        Take("addresses", "PrimaryIPAddress; IpAddressListSemiColonDelimited; PublicIPAddress"),
        Take("os", "OsName; OsType; OsVersion"),
        Take("power", "MachineStatus"),
        Take("total_size", "TotalDiskAllocated; TotalDiskAllocatedGiB", "GiB"),
        Take("total_used", "TotalDiskUsed; TotalDiskUsedGiB", "GiB"),
        Take(
            KEEP,
            "PrimaryMACAddress; MachineTypeLabel; AllocatedProcessorCoreCount; MemoryGiB; HostingLocation; OsPublisher;"
            " ProvisioningState; CreateDate;"
            "IsPhysical; Source",
        ),
    ),
    required=("source_name", "inventory_id"),
    carries=True,
)

_DISKS = Form(
    Role.DISKS,
    (
        Take("server_id", "MachineId"),
        Take("disk_name", "DiskLabel"),
        Take("size", "SizeIn; SizeInGib; Size", "GiB"),
        Take("used", "UsedIn; UsedInGib; Used", "GiB"),
    ),
    required=("server_id", "size"),
)

GOOGLE_M2VM = Format(
    "google-m2vm",
    "Google Migrate",
    (_RUNBOOK, _MACHINES, _DISKS),
    signs=(
        sign("VmName;RunGroup"),
        sign("VmID;RunGroup"),
        sign("RunGroup;TargetInstanceType"),
        sign("tag:RunGroup"),
        sign("VmName;ProvisionedSpaceGB"),
        sign("VmName;TargetInstanceName"),
        sign("MachineId;MachineName"),
    ),
    why_binary="the hypervisor counts GiB under that name",
)
