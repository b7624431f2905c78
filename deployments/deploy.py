"""Make the deployments of `prefect.yaml` beside this file, for workers.

What `prefect deploy --all` does, but for its last step: 3.8.8 asks for the pool's workers as its own server does not allow. Making
one that is there already brings it up to date.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import yaml
from prefect.types.entrypoint import EntrypointType

from flows.submit_wave import submit_wave


async def main() -> None:
    """Make each deployment and say so."""
    described = yaml.safe_load(Path(__file__).with_name("prefect.yaml").read_text(encoding="utf-8"))
    for deployment in described["deployments"]:
        made = await submit_wave.ato_deployment(
            name=deployment["name"],
            description=deployment["description"],
            tags=deployment["tags"],
            work_pool_name=deployment["work_pool"]["name"],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        await made.aapply()
        print(f"submit-wave/{deployment['name']} for the pool {deployment['work_pool']['name']}")


if __name__ == "__main__":
    asyncio.run(main())
