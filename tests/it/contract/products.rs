//! Which products go through the suite. One more is one more here.

use super::fixture::Fixture;
pub use super::{
    cloudflare::{Pages, Workers},
    fake::Harbour,
    render::Render,
    vercel::Vercel,
};
use rstest_reuse::template;

/// The one list of fixtures: the tests under `apply` run for each of them.
macro_rules! products {
    ($($fixture:tt)*) => {
        #[template]
        #[rstest]
        pub fn every_product(#[values($($fixture)*)] it: &dyn Fixture) {}

        pub fn all_products() -> Vec<&'static dyn Fixture> {
            vec![$($fixture)*]
        }
    };
}

products!(&Vercel, &Pages, &Workers, &Render, Harbour::new());

/// Those that call us.
#[template]
#[rstest]
pub fn with_webhooks(#[values(&Vercel, &Pages, &Render)] it: &dyn Fixture) {}
