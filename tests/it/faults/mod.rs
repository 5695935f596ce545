//! What breaks around the product, brought about for real: each fault is told, passes, and everything goes on by itself,
//! with nothing lost and nothing done twice.

mod clock;
mod disk_full;
mod garbage;
mod github_down;
pub mod machine;
mod read_only;
pub mod stage;
