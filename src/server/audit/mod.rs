//! Requests → entries of the audit log: who did what on what, from where, when, and whether it was done.
//!
//! A layer around the routes makes a [`Trail`] for every request that may change something. It knows the operation by
//! its method and path, `auth` tells it who asks, handlers add details. The first transaction of the request that writes
//! stores the entry together with the change; where none did, the layer stores it with the answer. So a new route is
//! traced without a line of its own, and the test of [`operations`] asks only for its name.
//!
//! An entry never holds a secret: neither bodies nor queries are read here.

mod layer;
pub mod operations;
mod strangers;
mod trail;
mod used;

pub use layer::leave_traces;
pub use trail::{Actor, Trail, add, is_by};
pub use used::{Purpose, by_command, used};

/// The outcome of what was done.
pub const DONE: &str = "done";
