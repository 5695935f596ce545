//! What only the server has: platforms that are added while it runs, and the schema of the REST API.

use super::Provider;
use crate::platforms::BUILT_IN;
use std::{
    borrow::Cow,
    sync::{PoisonError, RwLock},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Type,
        schema::{ObjectBuilder, Schema},
    },
};

static ADDED: RwLock<Vec<Provider>> = RwLock::new(Vec::new());

/// The platforms that were added, in the order of their coming.
pub(super) fn added() -> Vec<Provider> {
    ADDED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Provider {
    /// Makes this process know the platform by its name from now on. Again, or for one of the program's own, it does
    /// nothing.
    pub fn add(self) {
        if BUILT_IN.iter().any(|known| known.name == self.as_str()) {
            return;
        }
        let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
        if !added.contains(&self) {
            added.push(self);
        }
    }
}

impl PartialSchema for Provider {
    fn schema() -> RefOr<Schema> {
        let names = Self::all().map(Self::as_str);
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        schema.description(Some("A deployment platform.")).into()
    }
}

impl ToSchema for Provider {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Provider")
    }
}
