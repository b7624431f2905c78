"""Azure Migrate: an assessment's machines and disks, the discovered servers, and the CSV by which servers are imported there.

Sizes are GiB under the name GB, and not always whole. `Group name` is no wave. Costs and readiness say nothing of this cloud.
"""

from __future__ import annotations

from inventory.importers.forms import KEEP, LEAVE, Form, Format, Role, Take, sign

_MACHINES = Form(
    Role.SERVERS,
    (
        Take(
            "source_name",
            "Machine; Machine name; Server name; Server; VM name; Name of machine; Computer; Computername; Maschine;"
            " Maschinenname; Servername;"
            "Nom de la machine; Nom du serveur; Serveur; Ordinateur; Máquina; Nombre de la máquina; Servidor; Macchina;"
            " Nome macchina; マシン; 计算机; 服务器",
        ),
        Take("inventory_id", "Machine ID; Server ID; Machine ARM ID; Discovered machine ID; VM UUID; BIOS ID; Bios GUID"),
        Take(
            "addresses",
            "IP address; IP addresses; IPv4; IP-Adresse; IP-Adressen; Adresse IP; Adresses IP; Dirección IP;"
            " Indirizzo IP; IP アドレス; IP 地址",
        ),
        Take("fqdn", "FQDN; DNS name"),
        Take(
            "os",
            "Operating system; OS name; OS; OS version; Betriebssystem; Betriebssystemname; Système d'exploitation;"
            " Système d’exploitation;"
            "Nom du système d’exploitation; Sistema operativo; オペレーティング システム; 操作系统",
        ),
        Take("power", "Power status; Power state; Power on status; Energiestatus; État de l'alimentation"),
        Take("disk_count", "Number of disks; Disks; Anzahl der Datenträger; Anzahl Datenträger; Nombre de disques"),
        Take(
            "total_size",
            "Storage; Total storage; Speicher; Speicherplatz; Stockage; Almacenamiento; Archiviazione; ストレージ; 存储",
            "GB",
        ),
        Take("total_used", "Storage in use; Used storage; Storage used; Verwendeter Speicher; Stockage utilisé", "GB"),
        Take(
            KEEP,
            "Boot type; Starttyp; Type de démarrage; Cores; Kerne; Cœurs; Coeurs; Memory(MB); Memory (In MB);"
            " Arbeitsspeicher (MB); Mémoire (Mo); VM host;"
            "VM-Host; Hôte de machine virtuelle; Group name; Gruppenname; Nom du groupe; OS architecture; Server type;"
            " Hypervisor; Network adapters;"
            "MAC address; Support status; Security readiness; Workload; Tags; Processor",
        ),
        Take(
            LEAVE,
            "Azure VM readiness; Azure readiness issues; Data collection issues; Recommended size;"
            " Compute monthly cost USD; Storage monthly cost USD;"
            "Compute monthly cost estimate USD; Storage monthly cost estimate USD; Security monthly cost estimate USD;"
            " CPU usage(%); Memory usage(%);"
            "Standard HDD disks; Standard SSD disks; Premium disks; Ultra disks; Premium SSD v2 disks; Disk read(ops/sec);"
            " Disk write(ops/sec);"
            "Disk read(MBPS); Disk write(MBPS); Network in(MBPS); Network out(MBPS); CPU utilization percentage;"
            " Memory utilization percentage;"
            "Network In throughput; Network Out throughput; Confidence Rating (% of utilization data collected);"
            " Migration Guidance",
        ),
    ),
    required=("source_name", "os|addresses|total_size|inventory_id"),
    numbered=True,
    carries=True,
    spoken=("source_name", "addresses", "os", "total_size"),
)

_DISKS = Form(
    Role.DISKS,
    (
        Take(
            "server",
            "Machine; Machine name; Server name; VM name; Computer; Maschine; Maschinenname; Servername; Nom de la machine;"
            " Nom du serveur; Ordinateur;"
            "Máquina; Nombre de la máquina; Macchina; マシン; 计算机; 服务器",
        ),
        Take("server_id", "Machine ID; Server ID; Machine ARM ID; Discovered machine ID"),
        Take(
            "disk_name",
            "Disk name; Disk; Disk ID; Datenträgername; Name des Datenträgers; Datenträger; Nom du disque; Disque;"
            " Nombre del disco; Nome disco; ディスク名; 磁盘名称",
        ),
        Take(
            "size",
            "Source disk size; Disk size; Size; Größe des Quelldatenträgers; Quelldatenträgergröße; Quelldatenträger-Größe;"
            " Datenträgergröße;"
            "Taille du disque source; Taille de disque source; Taille du disque; Tamaño del disco de origen;"
            " Tamaño de disco de origen; Dimensioni disco di origine;"
            "ソース ディスク サイズ; 源磁盘大小",
            "GB",
        ),
        Take("used", "Used space; Disk used; Space used", "GB"),
    ),
    required=("server|server_id", "size"),
)

AZURE_MIGRATE = Format(
    "azure-migrate",
    "Azure Migrate",
    (_MACHINES, _DISKS),
    signs=(
        sign("Machine;Azure VM readiness"),
        sign("Machine;Azure readiness issues"),
        sign("Machine;Recommended size"),
        sign("Machine;Operating system;Boot type"),
        sign("Machine;Storage(GB)"),
        sign("Machine;Source disk size(GB)"),
        sign("Server name;Cores;Memory (In MB)"),
        sign("Maschine;Betriebssystem;Starttyp"),
        sign("Computer;Betriebssystem;Starttyp"),
        sign("Machine;Système d'exploitation;Type de démarrage"),
        sign("Machine;Système d’exploitation;Type de démarrage"),
    ),
    why_binary="Azure counts GiB under that name",
    expects=((Role.DISKS, "list of disks (All_Assessed_Disks)", "only the storage of each server in total is known"),),
)
"""Other sheets of an assessment (readiness for SQL, web applications) have their own headers and are told as not read."""
