-- Makes the database and the role of an environment, once. The role gets a new password at each start. The lock makes
-- other environments wait, because two sessions can't change roles at the same time.
SELECT pg_advisory_lock(hashtext('previewset')) AS locked \gset
SELECT format('CREATE ROLE %I LOGIN', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('GRANT %I TO CURRENT_USER', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
    WHERE m.roleid = :'name'::regrole AND r.rolname = CURRENT_USER AND NOT m.admin_option) \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
