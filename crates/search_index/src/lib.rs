//! The in-memory search index. Pure: rows in, answers out; knows no database.
