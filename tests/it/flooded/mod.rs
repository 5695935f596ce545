//! What a flood must not do, in a few seconds; `make flood` is the long one.

mod short;
mod slow_database;
