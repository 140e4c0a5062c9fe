#!/bin/sh
# Makes the two roles and the database, once, when the server's volume is new: an owner who migrates, and the
# role of web and workers, which owns nothing. kamcomp/embedded/roles.py does the same on one's own machine.
set -eu
psql --set ON_ERROR_STOP=1 --set owner_password="$OWNER_PASSWORD" --set app_password="$APP_PASSWORD" \
     --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE kamcomp_owner LOGIN NOSUPERUSER NOCREATEROLE CREATEDB PASSWORD :'owner_password';
CREATE ROLE kamcomp_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
CREATE DATABASE kamcomp OWNER kamcomp_owner;
SQL
