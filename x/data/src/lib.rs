//! Databases for services: pools, migrations, SQLite and PostgreSQL.
