//! Harbour's JSON, as client and server write it.

use serde::{Deserialize, Serialize};

/// Entries on a page of a list.
pub const PAGE: usize = 10;

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub mail: String,
}

/// A team.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fleet {
    pub id: String,
    pub name: String,
}

/// A project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ship {
    pub id: String,
    pub name: String,
    pub fleet: String,
    /// Kind and name.
    pub repository: Option<(String, String)>,
}

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Voyage {
    pub id: String,
    pub ship: String,
    pub state: String,
    pub branch: String,
    pub commit: String,
    /// In ms since 1970.
    pub at: i64,
}
