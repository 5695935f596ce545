//! The REST routes, webhook endpoints, and how refusals look.

pub mod error;
pub mod integrations;
pub mod webhooks;
