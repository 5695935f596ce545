//! What the command line runs.

pub mod analyze;
pub mod backup;
pub mod doctor;
pub mod rotate_key;
pub mod serve;
