//! The diagnosis and what it stands on, compiled without the rest of the product.

#[path = "../src/model/mod.rs"]
pub mod model;
#[path = "../src/platforms.rs"]
pub mod platforms;
#[path = "."]
pub mod server {
    #[path = "../src/server/diagnosis/mod.rs"]
    pub mod diagnosis;
}
