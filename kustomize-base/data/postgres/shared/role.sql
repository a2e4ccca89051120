-- The role that environments make their databases with. It reads no data of the baseline.
SELECT 'CREATE ROLE previews' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'previews') \gexec
ALTER ROLE previews LOGIN CREATEDB CREATEROLE PASSWORD :'password';
REVOKE ALL ON DATABASE app FROM PUBLIC;
CREATE TABLE IF NOT EXISTS gone (name text PRIMARY KEY, since timestamptz NOT NULL);
REVOKE ALL ON gone FROM PUBLIC;
