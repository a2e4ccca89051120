# Makes the database, and writes the settings of the proxy into the folder $1. Services know only the user and the password of Secret postgres.
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=name="$NAMESPACE" --set=password="$password" --file="$(dirname "$0")/database.sql"
cat >"$1/pgbouncer.ini" <<END
[databases]
app = host=$PGHOST port=$PGPORT dbname=$NAMESPACE user=$NAMESPACE password=$password
[pgbouncer]
listen_addr = *
listen_port = 5432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $1/users.txt
pool_mode = session
server_idle_timeout = 60
ignore_startup_parameters = extra_float_digits
END
printf '"%s" "%s"\n' "$STORE_USERNAME" "$STORE_PASSWORD" >"$1/users.txt"
