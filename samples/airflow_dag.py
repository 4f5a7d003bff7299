"""clipcensus every night in Airflow: 75 is tried again, what a person has to put right is not.

Needs the program on the worker, and the credentials there as files that its user can read.
"""

import subprocess
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

OUT = "/var/lib/clipcensus"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "CLIPCENSUS_OUT": OUT,
    # Far fewer clips than the night before are mostly a lost permission: nothing is published then (65).
    "CLIPCENSUS_MAX_SHRINK": "0.2",
    "ZOOM_ACCOUNT_ID_FILE": "/etc/clipcensus/account-id",
    "ZOOM_CLIENT_ID_FILE": "/etc/clipcensus/client-id",
    "ZOOM_CLIENT_SECRET_FILE": "/etc/clipcensus/client-secret",
}

# Come back later, or stopped by a signal: the next attempt goes on from where this one stopped.
TRY_AGAIN = {75, 129, 130, 143}


def run(command: str) -> None:
    """Runs a command to its end; how it ends decides whether Airflow tries it again."""
    code = subprocess.run(command.split(), env=ENVIRONMENT, check=False).returncode
    # A process that a signal killed has a negative code here.
    if code < 0 or code in TRY_AGAIN:
        raise AirflowException(f"exit code {code}: try again")
    if code != 0:
        raise AirflowFailException(f"exit code {code}: see `clipcensus help exit-codes`")


@dag(
    schedule="15 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 6, "retry_delay": timedelta(hours=1)},
)
def clipcensus():
    """Takes the census, holds all snapshots against their manifests, then removes old ones."""

    @task
    def export():
        run("clipcensus export --log-format json")

    @task
    def verify():
        run(f"clipcensus verify {OUT} --all")

    @task
    def prune():
        run(f"clipcensus prune {OUT} --keep-daily 14 --keep-monthly 12")

    export() >> verify() >> prune()


clipcensus()
