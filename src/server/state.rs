//! What every request and every job may touch.
