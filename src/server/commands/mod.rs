//! What the command line runs.

pub mod analyze;
pub mod doctor;
pub mod serve;
