//! fix
pub mod guard;
