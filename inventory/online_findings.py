"""What only SMS can tell of a plan: the words of each kind, PLAN-628 to PLAN-662, beside those of build_findings.py.

Decides words and weight: an error is what SMS refuses for certain, a warning what it may well accept, or what a person can go on
from (an earlier task of the same server, limits of the account). Each names its source: a section of the API facts, or an error
code that SMS gives. Finds nothing itself: source_findings.py and flows/online_check.py do. Read by build_findings.py.
"""

from __future__ import annotations

from inventory.finding_kinds import error, warning

ONLINE_FINDINGS = (
    # A disk is matched to the source's by its name; SMS takes the body as it is and fails on the server (facts 6, 6519).
    warning(
        "PLAN-628",
        "Disk not at the source",
        "{server}: SMS knows no disk {disk} of it (it knows: {known})",
        "correct the name to the source's, or delete the row",
        "web-07: SMS knows no disk /dev/vdb of it (it knows: /dev/vda)",
    ),
    # "As many disks at least, each as large at least" (facts 6; FAQ 14.6, 14.9).
    warning(
        "PLAN-629",
        "Disk missing from the sheet",
        "{server}: its disk {disk} ({size}) is not in Disks, and so is not moved",
        "add it to Disks, or go on if it is to stay behind",
        "web-07: its disk /dev/vdb (40 GiB) is not in Disks, and so is not moved",
    ),
    # MgC's FAQ mgc_04_6310 (facts 10).
    warning(
        "PLAN-630",
        "No room for GPT",
        "{server}: {disk} is a GPT disk at the source, and the target's has {spare} more than it; GPT needs 1 GiB more",
        "give the target disk at least 1 GiB more than the source's",
        "web-07: /dev/vda is a GPT disk at the source, and the target's has 0 bytes more than it; GPT needs 1 GiB more",
    ),
    # The agent's own limit (facts 5.3 and 10).
    warning(
        "PLAN-631",
        "Large disk at the source",
        "{server}: its disk {disk} has {size}, and the agent moves at most 16 TiB of a disk on Linux",
        "move what is on it another way, and leave the disk out",
        "web-07: its disk /dev/vdc has 20 TiB, and the agent moves at most 16 TiB of a disk on Linux",
    ),
    # One of the causes of SMS.6504 to SMS.6617 (facts 3.1).
    warning(
        "PLAN-632",
        "Large system disk",
        "{server}: it starts from {disk}, which has {size}; SMS moves system disks of at most 1 TiB",
        "shrink it, or move its data to another disk first",
        "web-07: it starts from /dev/vda, which has 2 TiB; SMS moves system disks of at most 1 TiB",
    ),
    # The agent's checks of memory, CPU and the rest have a third result beside OK and ERROR (facts 6).
    warning(
        "PLAN-634",
        "Source check warns",
        "{server}: SMS's check {check} of the source warns{because}",
        "look at the check in the SMS console before the night",
        "web-07: SMS's check MEMORY of the source warns (SMS.0515)",
    ),
    # SMS.6539; by block a disk can only grow (facts 6).
    error(
        "PLAN-635",
        "Disk too small for a copy by block",
        "{server}: {disk} has {size}, and the source's {source_size}; a copy by block needs all of it",
        "give the target disk at least the source's size",
        "win-02: Disk 0 has 40 GiB, and the source's 60 GiB; a copy by block needs all of it",
    ),
    # SMS.6539 (facts 3.1).
    error(
        "PLAN-636",
        "Disk too small for what is on it",
        "{server}: {disk} has {size}, and {used} of the source's are used",
        "give the target disk at least 1 GiB more than is used",
        "web-07: /dev/vda has 10 GiB, and 12 GiB of the source's are used",
    ),
    # A copy by file may shrink a disk to what is used and 1 GB (facts 6).
    warning(
        "PLAN-637",
        "Disk nearly too small",
        "{server}: {disk} has {size}, and {used} of the source's are used; SMS wants 1 GiB more than that",
        "give the target disk at least 1 GiB more than is used",
        "web-07: /dev/vda has 12.5 GiB, and 12 GiB of the source's are used; SMS wants 1 GiB more than that",
    ),
    # One binding a source, in any state (SMS.7605; facts 7.5): a row that is sent again is EXISTS, and nothing is changed.
    warning(
        "PLAN-640",
        "Task exists",
        "{server}: SMS has the task {task} ({name}, {state}) for it, with this target",
        "go on: submit reports EXISTS and changes nothing",
        "web-07: SMS has the task 719e1c73 (web-07, READY) for it, with this target",
    ),
    error(
        "PLAN-641",
        "Source bound to another task",
        "{server}: SMS has the task {task} ({name}, {state}) for it, with the target {target}",
        "delete that task in the SMS console if it is not wanted, or give the row its target",
        "web-07: SMS has the task 719e1c73 (old-run, READY) for it, with the target vm-0001",
    ),
    error(
        "PLAN-642",
        "Target bound to another task",
        "{server}: its target {target} is that of the task {task} ({name}, {state}) of {other}",
        "give the row another target, or delete that task in the SMS console if it is not wanted",
        "web-07: its target vm-0001 is that of the task 719e1c73 (db-01, RUNNING) of db-01",
    ),
    warning(
        "PLAN-643",
        "Already migrated",
        "{server}: it was migrated already, by the task {task} ({name}, {state})",
        "go on: submit reports EXISTS and changes nothing; skip the row (skip: yes) if it is done",
        "web-07: it was migrated already, by the task 719e1c73 (web-07, MIGRATE_SUCCESS)",
    ),
    warning(
        "PLAN-644",
        "Task is being deleted",
        "{server}: its task {task} is being deleted, and the source is bound until it is gone",
        "send the row when the task is gone from the SMS console",
        "web-07: its task 719e1c73 is being deleted, and the source is bound until it is gone",
    ),
    # SMS.7101 (facts 3.1).
    error(
        "PLAN-645",
        "Template unknown",
        "{server}: SMS knows no template of the id in {column}",
        "correct the id, or make the template in the SMS console",
        "web-07: SMS knows no template of the id in vm_template_id",
    ),
    # SMS.6562 (facts 3.1): "no public path (template without publicip)".
    warning(
        "PLAN-646",
        "Template without a public address",
        "{server}: use_public_ip is {said}, and the template {template} gives its servers no public address",
        "set use_public_ip to no, or give the template a public address",
        "web-07: use_public_ip is empty (yes for SMS), and the template tpl-1 gives its servers no public address",
    ),
    warning(
        "PLAN-647",
        "Template of another region",
        "{server}: the template {template} makes servers in {known}, and region_id is {said}",
        "name a template of that region, or correct region_id",
        "web-07: the template tpl-1 makes servers in cn-north-4, and region_id is ap-southeast-3",
    ),
    # 100 at once: MgC's FAQ (facts 10); a page of SMS itself says 1,000 (facts 9), the limit that an account's tasks are held to.
    warning(
        "PLAN-650",
        "More at once than an account may",
        "{running} tasks of the account run now, and the wave {wave} may start {starting} more at once; SMS moves {most} at once",
        "give max_running for the wave ({room} now), or wait for the others",
        "80 tasks of the account run now, and the wave wave-2 may start 60 more at once; SMS moves 100 at once",
    ),
    warning(
        "PLAN-651",
        "More tasks than an account may have",
        "the account has {there} tasks, and the wave {wave} adds {added}; SMS keeps {most}",
        "delete finished tasks in the SMS console first",
        "the account has 960 tasks, and the wave wave-2 adds 60; SMS keeps 1000",
    ),
    error(
        "PLAN-660",
        "No source of this name or address",
        "{said}: SMS knows no source server of this name or address",
        "install the agent on it and let it register, or correct the name or the address",
        'no source server "web-07" in SMS',
    ),
    error(
        "PLAN-661",
        "Several sources of this name or address",
        "{said}: {count} source servers of SMS fit ({known})",
        "give the row its source_server_id",
        "two source servers web-07 in SMS",
    ),
    error(
        "PLAN-662",
        "Two rows for one source",
        "{server} is the source server {source} of SMS, and so is {other}",
        "leave one of the rows, or give each its own server",
        "one row by name, one by id",
    ),
)
