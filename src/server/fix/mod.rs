//! fix

pub mod prompt;
