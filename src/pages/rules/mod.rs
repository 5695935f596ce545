//! Fix rules: all of them, those of one project, and one.

mod all;
mod of_project;
mod rule;

pub use all::RulesPage;
pub use of_project::ProjectRulesPage;
pub use rule::RulePage;

use crate::model::{ApiError, Provider};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Which project the address names: the platform, and our id of the subscription.
type Address = Result<(Provider, String), ApiError>;

/// The project in the address of the page.
fn address() -> Memo<Address> {
    let params = use_params_map();
    Memo::new(move |_| {
        let param = |name: &str| params.read().get(name).unwrap_or_default();
        let provider = param("provider").parse().map_err(|_| ApiError::not_found())?;
        Ok((provider, param("id")))
    })
}
