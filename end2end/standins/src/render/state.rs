//! What the Render stand-in knows.

use serde::Serialize;

use crate::webhook::Delivery;

/// All of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Render {
    /// Deliveries made, oldest first.
    pub deliveries: Vec<Delivery>,
}
