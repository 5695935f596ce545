//! Reads a query strictly: unknown names and values are refused, lists come in pages with cursors.

use serde_json::{Map, Value, json};

use super::error::ApiError;

/// Items of a page without `limit`.
const DEFAULT_LIMIT: usize = 20;
/// Largest `limit`.
const MAX_LIMIT: usize = 100;

/// The parameters of a request, taken out one by one.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The pairs of the address.
    pub fn new(pairs: Vec<(String, String)>) -> Query {
        Query(pairs)
    }

    /// All values of a name.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// The value of a name that may be there once.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(invalid(name)),
        }
    }

    /// All values of a name that has only these.
    pub fn words(&mut self, name: &str, known: &[&str]) -> Result<Vec<String>, ApiError> {
        let values = self.all(name);
        if values.iter().all(|value| known.contains(&value.as_str())) {
            Ok(values)
        } else {
            Err(invalid(name))
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        self.one(name)?.map(|value| value.parse().map_err(|_| invalid(name))).transpose()
    }

    /// A time in ISO 8601, as ms since 1970.
    pub fn time(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        let parse = |value: String| chrono::DateTime::parse_from_rfc3339(&value).map_err(|_| invalid(name));
        Ok(self.one(name)?.map(parse).transpose()?.map(|at| at.timestamp_millis()))
    }

    /// `limit`.
    pub fn limit(&mut self) -> Result<usize, ApiError> {
        let limit = self.one("limit")?.map_or(Ok(DEFAULT_LIMIT), |limit| limit.parse());
        limit.ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| invalid("limit"))
    }

    /// Refuses what nobody asked for.
    pub fn done(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::bad_request(&format!("unknown query parameter: {name}"))),
        }
    }
}

/// A parameter that is not understood.
pub fn invalid(name: &str) -> ApiError {
    ApiError::bad_request(&format!("invalid {name}"))
}

/// Where a list goes on, and how far at most.
#[derive(Debug)]
pub struct Page {
    limit: usize,
    cursor: Option<String>,
}

impl Page {
    /// `limit` and `cursor`; no page has more than `most` items.
    pub fn of(query: &mut Query, most: usize) -> Result<Page, ApiError> {
        Ok(Page { limit: query.limit()?.min(most.max(1)), cursor: query.one("cursor")? })
    }

    /// One page of the items: `[{"cursor", key: {…}}]`. The cursor of an item is made from its id. Only what is on the
    /// page is written out.
    pub fn cut<T>(
        &self,
        key: &str,
        items: Vec<(&str, T)>,
        shown: impl Fn(T) -> Value,
    ) -> Result<Value, ApiError> {
        let start = match &self.cursor {
            None => 0,
            Some(cursor) => {
                let at = items.iter().position(|(id, _)| cursor_of(id) == *cursor);
                at.ok_or_else(|| invalid("cursor"))? + 1
            }
        };
        let element = |(id, item): (&str, T)| {
            let mut element = Map::from_iter([("cursor".to_owned(), json!(cursor_of(id)))]);
            element.insert(key.to_owned(), shown(item));
            Value::Object(element)
        };
        Ok(items.into_iter().skip(start).take(self.limit).map(element).collect())
    }
}

/// Says nothing to clients: one that takes it for an id fails here.
fn cursor_of(id: &str) -> String {
    hex::encode(id.bytes().rev().collect::<Vec<u8>>())
}
