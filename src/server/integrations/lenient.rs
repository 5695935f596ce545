//! Reads the parts of a platform's JSON that may be anything: what cannot be understood is left out, never an error,
//! so that a change at a platform does not hide everything else it said.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// The elements of an array that can be read. `null` is one that cannot. What is no array is an error, and so is one of
/// which nothing can be read: neither must pass for an empty list.
pub fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Elements::deserialize(deserializer).map(|elements| elements.items)
}

/// The same for a list that is not what an answer is about: what is no array has no elements.
pub fn readable_or_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let elements: Option<Elements<T>> = optional(deserializer)?;
    Ok(elements.map_or_else(Vec::new, |elements| elements.items))
}

/// The value, or nothing when it has another shape.
pub fn optional<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// The value, or an empty one when it has another shape.
pub fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    optional(deserializer).map(Option::unwrap_or_default)
}

/// A text, or a number as one.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A text that says something.
pub fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// The identifier of something. An empty one is an error: what it names could not be told from others.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.trim().is_empty() { Err(D::Error::custom("the identifier is empty")) } else { Ok(id) }
}

/// An array of which some elements may not be understood.
#[derive(Debug)]
pub struct Elements<T> {
    /// Those that are.
    pub items: Vec<T>,
    /// How many there are with those that are not: what a page's length is measured by.
    pub count: usize,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Elements<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let elements = Vec::<Value>::deserialize(deserializer)?;
        let count = elements.len();
        let items: Vec<T> =
            elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect();
        if items.len() < count {
            tracing::warn!(
                left_out = count - items.len(),
                "elements of a platform's list are not understood"
            );
        }
        if items.is_empty() && count > 0 {
            return Err(D::Error::custom("no element of the list is understood"));
        }
        Ok(Self { items, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Named {
        #[serde(deserialize_with = "id")]
        id: String,
    }

    #[rstest]
    #[case(r#"{"id":"dpl_1"}"#, Some("dpl_1"))]
    #[case(r#"{"id":""}"#, None)]
    #[case(r#"{"id":" "}"#, None)]
    #[case(r#"{"id":null}"#, None)]
    #[case("{}", None)]
    fn an_identifier_names_something(#[case] json: &str, #[case] expected: Option<&str>) {
        assert_eq!(serde_json::from_str::<Named>(json).ok().map(|named| named.id).as_deref(), expected);
    }

    #[test]
    fn what_has_no_name_is_left_out_of_a_list() {
        let elements = serde_json::from_str::<Elements<Named>>(r#"[{"id":""},{"id":"dpl_1"}]"#);
        let (items, count) = elements.map(|elements| (elements.items, elements.count)).unwrap_or_default();
        assert_eq!((items, count), (vec![Named { id: "dpl_1".into() }], 2));
    }
}
