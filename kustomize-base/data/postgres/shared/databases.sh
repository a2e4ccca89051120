# Deletes a database after its environment had no Service postgres for a day, in each run of that time. Only the answer
# NXDOMAIN counts, and only if the cluster's DNS knows the baseline's Service.
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }
ask --set=password="$SHARED_PASSWORD" --file="$(dirname "$0")/role.sql"
case $(nslookup postgres.staging.svc.cluster.local. 2>&1 || true) in
  *NXDOMAIN*) echo "the DNS doesn't know the baseline: no database is deleted" && exit 1 ;;
  *Name:*) ;;
  *) echo "the DNS doesn't answer: no database is deleted" && exit 1 ;;
esac
for name in $(ask --command="SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba AND rolname = datname"); do
  case $(nslookup "postgres.$name.svc.cluster.local." 2>&1 || true) in
    *NXDOMAIN*) sql="INSERT INTO gone VALUES (:'name', now()) ON CONFLICT DO NOTHING" ;;
    *) sql="DELETE FROM gone WHERE name = :'name'" ;;
  esac
  echo "$sql" | ask --set=name="$name"
done
for name in $(ask --command="SELECT name FROM gone WHERE since < now() - interval '$KEEP'"); do
  echo "deleting database $name: its environment is gone"
  ask --set=name="$name" <<'END'
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', :'name') \gexec
SELECT format('DROP ROLE IF EXISTS %I', :'name') \gexec
DELETE FROM gone WHERE name = :'name';
END
done
