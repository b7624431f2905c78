#!/bin/sh
# Run once, by the postgres image, when its volume is empty: the journal's own user and database, beside Prefect's.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$WAVES_DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE USER waves PASSWORD :'password';
CREATE DATABASE waves OWNER waves;
SQL
