//! Encryption of stored secrets.
