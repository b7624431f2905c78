"""What people call the columns of a server list, in the languages that they write spreadsheets in.

A plain vocabulary: a field and its headers, compared by header_key (no case, spaces, dashes). Used by the generic importer, as
the second choice of the others, and to recognise a header row. Decides nothing.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.importers.headers import header_key, split_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {
    # Headers that can only be a server's name.
    "source_name": """
        server name; servername; server; source server; source server name; source name; source hostname; hostname;
        host name; machine; machine name; machinename; computer; computer name; computername; vm; vm name; vmname;
        virtual machine; virtual machine name; vinfovmname; dns host name; rechner; rechnername; maschine; maschinenname;
        gerätename; systemname; name des servers; vm-name; name der vm; virtuelle maschine; serverbezeichnung; serveur;
        nom du serveur; nom serveur; nom de serveur; nom d'hôte; nom hôte; nom de l'hôte; nom d’hôte; nom machine;
        nom de la machine; nom de machine; nom de la vm; nom vm; machine virtuelle; nom de l'ordinateur; ordinateur;
        servidor; nombre del servidor; nombre de servidor; nombre servidor; nombre de host; nombre del host;
        nombre de equipo; nombre del equipo; equipo; máquina; nombre de máquina; nombre de la máquina; máquina virtual;
        nombre vm; nombre de la vm; nome do servidor; nome servidor; nome da máquina; nome máquina; nome do host;
        nome host; nome da vm; nome vm; computador; nome server; nome del server; nome macchina; nome computer; macchina;
        macchina virtuale; servernaam; naam server; computernaam; machinenaam; hostnaam; nazwa serwera; serwer;
        nazwa hosta; nazwa komputera; nazwa maszyny; název serveru; název počítače; jméno serveru; názov servera; сервер;
        имя сервера; имя хоста; имя машины; имя вм; имя компьютера; название сервера; наименование сервера; машина;
        виртуальная машина; ім'я сервера; назва сервера; 服务器名称; 服务器名; 服务器; 主机名; 主机名称; 虚拟机名称;
        虚拟机名; 虚拟机; 机器名; 机器名称; 计算机名; 计算机名称; 云主机名称; 源端名称; 源服务器名称; 源端服务器名称;
        伺服器名稱; 伺服器; 主機名稱; 主機名; 虛擬機名稱; 電腦名稱; 設備名稱; 设备名称; サーバー名; サーバ名; サーバー;
        サーバ; ホスト名; 仮想マシン名; 仮想マシン; コンピューター名; コンピュータ名; マシン名; 서버 이름; 서버명; 서버;
        호스트 이름; 호스트명; 가상 머신; 가상머신명; 컴퓨터 이름; sunucu; sunucu adı; makine adı; bilgisayar adı;
        sunucu ismi; servernavn; maskinnavn; vertsnavn; servernamn; datornamn; värdnamn; palvelimen nimi; palvelin;
        kiszolgáló; kiszolgáló neve; szerver neve; szervernév; nume server; numele serverului; όνομα διακομιστή;
        διακομιστής; שם השרת; שם שרת; اسم الخادم; اسم السيرفر; الخادم; tên máy chủ; máy chủ; nama server; nama host;
        ชื่อเซิร์ฟเวอร์; ชื่อเครื่อง; име на сървър; сървър; ime strežnika; naziv servera; ime servera; serveri nimi;
        serverio pavadinimas; node name; nodename; instance name; guest name; system name; device name; asset name; host;
        хост; 主机
    """,
    # A name of anything: a server's only where nothing speaks against it.
    "weak_name": """
        name; names; nom; nome; nombre; имя; название; наименование; 名称; 名稱; 名字; 名前; 名; 이름; 명칭; naam; nazwa;
        název; jméno; názov; navn; namn; nimi; név; nume; ad; adı; isim; bezeichnung; όνομα; שם; الاسم; اسم; tên; nama;
        ชื่อ; име; ime; naziv; ім'я; назва; désignation; libellé; denominación; denominazione; display name; label
    """,
    "addresses": """
        ip; ip address; ip addresses; ipaddress; ips; primary ip; primary ip address; primaryipaddress; ipv4; ipv4 address;
        ip v4; private ip; private ip address; management ip; server ip; source ip; host ip; ip-adresse; ip adresse;
        ipadresse; ip-adressen; adresse; ip-adressse; adresse ip; adresses ip; ip privée; dirección ip; direccion ip;
        dirección; direcciones ip; ip privada; endereço ip; endereço; indirizzo ip; indirizzo; ip-adres; adres ip;
        adresa ip; ip adresa; ip адрес; ip-адрес; айпи; адрес; ip地址; ip 地址; 私网ip; 内网ip; 内网地址; 私有ip; 管理ip;
        私网ip地址; 内网ip地址;
        源端ip; 主机ip; 服务器ip; ip位址; ipアドレス; ip アドレス; アドレス; ip 주소; ip주소; ip adresi; ip-osoite; ip cím;
        ip-cím; διεύθυνση ip; כתובת ip; عنوان ip; địa chỉ ip; alamat ip; dns name or ip
    """,
    "fqdn": """
        fqdn; server fqdn; dns name; dnsname; dns; fully qualified domain name; fqdn name; dns-name; full computer name;
        nom dns; nombre dns; nome dns; dns имя; 域名; 完全限定域名; 全限定域名
    """,
    "os": """
        os; operating system; operatingsystem; os name; osname; os type; os version; os family; guest os; guestos; platform;
        os description; os details; betriebssystem; bs; betriebssystemname; système d'exploitation; système d’exploitation;
        systeme d'exploitation; système; se; sistema operativo; s.o.; so; sistema operacional; besturingssysteem;
        system operacyjny; operační systém; operačný systém; операционная система; ос; операційна система; 操作系统;
        操作系统类型; 操作系统版本; 系统; 系统类型; 作業系統; オペレーティングシステム; os名; 운영체제; 운영 체제;
        işletim sistemi; operativsystem; käyttöjärjestelmä; operációs rendszer; sistem de operare; λειτουργικό σύστημα;
        מערכת הפעלה; نظام التشغيل; hệ điều hành; sistem operasi; system
    """,
    "wave": """
        wave; wave name; migration wave; wave id; move group; movegroup; batch; migration batch; migration group; phase;
        welle; migrationswelle; vague; vague de migration; lot; ola; oleada; onda; onda de migração; ondata; golf; fala;
        vlna; волна; волна миграции; 批次; 迁移批次; 波次; 迁移波次; ウェーブ; 移行ウェーブ; 웨이브; dalga; bølge; våg
    """,
    "inventory_id": """
        vm id; vmid; vm uuid; uuid; bios uuid; instance uuid; moref; mo ref; vmware.morefid; external id; externalid;
        server id; machine id; machineid; asset id; ci id; sys id; serial number; id
    """,
    "total_size": """
        disk; disks; disk size; disk space; total disk; total disk size; storage; total storage; storage size; capacity;
        disk capacity; hdd; hard disk; total disk capacity; provisioned space; provisioned storage; provisioned;
        allocated storage; allocated disk storage; disk total; totaldiskallocated; platte; festplatte; festplatten;
        plattengröße; festplattengröße; speicher; speicherplatz; datenträger; datenträgergröße; größe; plattenplatz; disque;
        taille disque; taille du disque; disques; stockage; espace disque; capacité; capacité disque; taille; disco;
        tamaño de disco; tamaño del disco; almacenamiento; espacio en disco; capacidad; discos; tamanho do disco;
        armazenamento; espaço em disco; dimensione disco; spazio su disco; archiviazione; capacità; schijf; schijfgrootte;
        opslag; dysk; rozmiar dysku; pojemność; disk velikost; диск; размер диска; объем диска; объём диска; хранилище;
        дисковое пространство; 磁盘; 磁盘大小; 磁盘容量; 硬盘; 硬盘大小; 硬盘容量; 存储; 存储容量; 总容量; 磁碟; 磁碟大小;
        ディスク; ディスクサイズ; ディスク容量; ストレージ; 디스크; 디스크 크기; 디스크 용량; 스토리지; disk boyutu;
        depolama; disk alanı; size; disk size total; total capacity; hdd size; hddsize; hard drive; hard disk size;
        bereitgestellter speicherplatz; bereitgestellter speicher; espace provisionné; espacio aprovisionado;
        espaço provisionado; 磁盘总大小; 磁盘总容量; 置备的空间; 已置备空间; 置备空间; プロビジョニング済み容量;
        maxdisk; حجم القرص; القرص; سعة القرص; מקום בדיסק; dung lượng đĩa; ukuran disk; pojemność dysku; lemezméret; levytila
    """,
    "total_used": """
        used; used space; disk used; used disk; used storage; storage used; space used; in use; storage in use; consumed;
        totaldiskused; used capacity; belegt; belegter speicher; genutzt; verwendet; utilisé; espace utilisé; usado;
        espacio usado; espaço usado; utilizzato; gebruikt; использовано; занято; 已用; 已用容量; 已使用; 已用空间; 使用量;
        使用済み; 사용량; 사용 용량; kullanılan; verwendeter speicherplatz; belegter speicherplatz; espacio utilizado;
        espaço utilizado; spazio utilizzato; использованное место; 已用的空间; 已用磁盘; 使用済み容量; المستخدم
    """,
    "disk_count": """
        number of disks; disks; num disks; numdisks; disk count; no of disks; # disks; anzahl festplatten; anzahl platten;
        anzahl datenträger; nombre de disques; nb disques; número de discos; numero di dischi; aantal schijven;
        количество дисков; 磁盘数; 磁盘数量; 硬盘数量; ディスク数; 디스크 수
    """,
    "target_name": """
        target name; target server name; target server; zielname; zielserver; nom cible; nombre destino;
        目标名称; 目的端名称; целевое имя
    """,
    "note": """
        note; notes; comment; comments; remark; remarks; description; bemerkung; bemerkungen; kommentar; anmerkung;
        beschreibung; remarque; remarques; commentaire; commentaires; observaciones; comentario; comentarios; notas;
        observações; nota; opmerking; uwagi; komentarz; poznámka; примечание; комментарий; 备注; 说明; 備註; 備考; 비고;
        açıklama; not
    """,
    "power": """
        powerstate; power state; power status; betriebszustand; état d'alimentation; estado de energía;
        电源状态; 電源状態; 전원 상태
    """,
    # What only a server has: evidence for a list of servers, kept as it is.
    "evidence": """
        cpu; cpus; vcpu; vcpus; cores; core count; cpu cores; num cpu; numcpu; processors; number of cores; ram; memory;
        mem; memory size; mac address; mac; hypervisor; cluster; esx host; datacenter; kerne; cpu-kerne; arbeitsspeicher;
        hauptspeicher; prozessoren; mac-adresse; cœurs; coeurs; mémoire; mémoire vive; processeurs; núcleos; memoria;
        memoria ram; memória; memória ram; processore; geheugen; pamięć; rdzenie; paměť; память; озу; ядра; процессор;
        процессоры; 内存; 内存大小; cpu核数; 核数; 处理器; 記憶體; メモリ; メモリー; コア数; 메모리; 코어; bellek; çekirdek;
        minne
    """,
    # What speaks of programs: evidence against.
    "against": """
        application; applications; application name; app name; software; software name; program; product; product name;
        vendor; publisher; manufacturer; licence; license; business owner; business criticality; criticality;
        application owner; install date; installed on; provider; anwendung; anwendungen; anwendungsname; hersteller;
        programm; produkt; lizenz; kritikalität; éditeur; logiciel; nom de l'application; criticité; aplicación;
        aplicaciones; fabricante; proveedor; licencia; aplicação; aplicativo; applicazione; produttore; licenza; приложение;
        программа; лицензия; 应用; 应用名称; 软件; 软件名称; 厂商; 供应商; 许可证; アプリケーション; ソフトウェア;
        애플리케이션; uygulama; yazılım
    """,
    # What lists of people, of costs and of network gear have, and lists of servers seldom: evidence where a name may be anything's.
    "other": """
        email; e-mail; mail; email address; phone; telephone; mobile; first name; last name; surname; given name; job title;
        employee id; cost; costs; price; unit price; amount; currency; invoice; quantity; qty; sku; resource group;
        resourcegroup; ports; port count; telefon; vorname; nachname; kosten; preis; betrag; währung; menge; téléphone;
        prénom; coût; prix; montant; teléfono; apellido; apellidos; costo; coste; precio; importe; cantidad; telefone;
        custo; preço; telefono; cognome; prezzo; телефон; фамилия; цена; сумма; 电话; 邮箱; 价格; 金额; 电话号码; 数量
    """,
}


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (header_key(word) for word in " ".join(text.split()).split(";")))))


VOCABULARY: Mapping[str, tuple[str, ...]] = MappingProxyType({field: _split(text) for field, text in _WORDS.items()})
"""A field and the keys of its headers, the likeliest first."""

SIZES = frozenset({"total_size", "total_used"})
"""The fields whose headers carry a unit."""


@cache
def _by_key() -> Mapping[str, str]:
    found: dict[str, str] = {key: field for field, keys in reversed([*VOCABULARY.items()]) for key in keys}
    return found


def meaning(header: object) -> str:
    """The field that a header means by the vocabulary; "" for an unknown one."""
    key = header_key(header)
    found = _by_key().get(key, "")
    if found:
        return found
    base, unit = split_unit(header)
    return _by_key().get(base, "") if unit else ""
