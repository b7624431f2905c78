"""RVTools: what each column of vInfo, vDisk and vPartition becomes. Sizes are MiB, also where older versions write MB.

Full exports join their sheets by `VM ID` (unique in a vCenter: `VI SDK UUID`, `VI SDK Server`); small or old ones by the
machine's name.
"""

from __future__ import annotations

from inventory.importers.forms import KEEP, LEAVE, Form, Format, Role, Take, sign

_REALM = Take("realm", "VI SDK UUID; VI SDK Server")

_INFO = Form(
    Role.SERVERS,
    (
        Take("source_name", "VM; vInfoVMName; VM Name"),
        Take("inventory_id", "VM ID; vInfoVMId; VM UUID; vInfoUUID; Instance UUID; SMBIOS UUID"),
        _REALM,
        Take("template", "Template; vInfoTemplate"),
        Take("stand_in", "SRM Placeholder; vInfoSRMPlaceHolder"),
        Take("power", "Powerstate; vInfoPowerstate; Power State"),
        Take("addresses", "Primary IP Address; vInfoPrimaryIPAddress; IP Address"),
        Take("fqdn", "DNS Name; vInfoGuestHostName"),
        Take(
            "os",
            "OS according to the VMware Tools; vInfoOSTools; OS according to the configuration file; vInfoOS; OS; Guest OS",
        ),
        Take("disk_count", "Disks; vInfoNumVirtualDisks"),
        Take("total_size", "Total disk capacity; vInfoTotalDiskCapacity", "MiB"),
        Take(
            KEEP,
            "Firmware; vInfoFirmware; CPUs; vInfoCPUs; Memory; vInfoMemory; Host; vInfoHost; Cluster; vInfoCluster;"
            " Datacenter; vInfoDataCenter;"
            "Folder; vInfoFolder; Resource pool; vInfoResourcepool; vApp; Annotation; vInfoAnnotation; Network #1;"
            " Provisioned MiB; Provisioned MB;"
            "vInfoProvisioned; In Use MiB; In Use MB; vInfoInUse; Guest state; Connection state; NICs",
        ),
        Take(
            LEAVE,
            "Config status; Heartbeat; Consolidation Needed; PowerOn; Suspended To Memory; Suspend time; Suspend Interval;"
            " Creation date;"
            "Change Version; Overall Cpu Readiness; Active Memory; Fixed Passthru HotPlug; min Required EVC Mode Key;"
            " Latency Sensitivity;"
            "Op Notification Timeout; EnableUUID; CBT; Network #2; Network #3; Network #4; Network #5; Network #6;"
            " Network #7; Network #8;"
            "Num Monitors; Video Ram KiB; Unshared MiB; Unshared MB; HA Restart Priority; HA Isolation Response;"
            " HA VM Monitoring; Cluster rule(s);"
            "Cluster rule name(s); DAS protection; FT State; FT Role; FT Latency; FT Bandwidth; FT Sec. Latency;"
            " Vm Failover In Progress; Boot Required;"
            "Boot delay; Boot retry delay; Boot retry enabled; Boot BIOS setup; Reboot PowerOff; EFI Secure boot;"
            " HW version; HW upgrade status;"
            "HW upgrade policy; HW target; Path; Log directory; Snapshot directory; Suspend directory; Customization Info;"
            " Guest Detailed Data;"
            "VI SDK Server type; VI SDK API Version; Last backup; Backup status; ClusterInvariantVMMId; Video Ram KB",
        ),
    ),
    required=("source_name", "power|os|template|disk_count|inventory_id"),
    sheets=("vinfo",),
    carries=True,
)

_DISK = Form(
    Role.DISKS,
    (
        Take("server", "VM; vDiskVMName; VM Name"),
        Take("server_id", "VM ID; vDiskVMId; VM UUID; vDiskUUID"),
        _REALM,
        Take("disk_name", "Disk; vDiskDisk; Label"),
        Take("disk_key", "Disk Key; vDiskDiskKey"),
        Take("size", "Capacity; vDiskCapacity", "MiB"),
        Take("raw", "Raw; vDiskRaw"),
        Take("mode", "Disk Mode; vDiskDiskMode"),
    ),
    required=("server|server_id", "size"),
    sheets=("vdisk",),
)

_PARTITION = Form(
    Role.PARTITIONS,
    (
        Take("server", "VM; vPartitionVMName; VM Name"),
        Take("server_id", "VM ID; vPartitionVMId; VM UUID; vPartitionUUID"),
        _REALM,
        Take("mount_point", "Disk; vPartitionDisk; Partition"),
        Take("disk_key", "Disk Key; vPartitionDiskKey"),
        Take("size", "Capacity; vPartitionCapacity", "MiB"),
        Take("used", "Consumed; vPartitionConsumed", "MiB"),
        Take("file_system", "File System; Filesystem"),
    ),
    required=("server|server_id", "mount_point", "size"),
    sheets=("vpartition",),
)

RVTOOLS = Format(
    "rvtools",
    "RVTools",
    (_INFO, _DISK, _PARTITION),
    signs=(
        sign("VM;Powerstate"),
        sign("vInfoVMName"),
        sign("VM;OS according to the configuration file"),
        sign("VM;SRM Placeholder"),
    ),
    why_binary="RVTools counts MiB under either name",
    expects=(
        (Role.DISKS, "vDisk", "the disks of each server are not known"),
        (Role.PARTITIONS, "vPartition", "how much of each disk is used is not known"),
    ),
)
