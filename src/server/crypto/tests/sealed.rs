//! One value: its row, its key, its bytes.

use super::{key, keys_of};
use crate::server::crypto::{CryptoError, KeyRing};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

proptest! {
    #[test]
    fn what_is_sealed_opens_in_its_place(secret in ".*", identity in ".*") {
        let ring = keys_of([("k1", 1)]);
        let sealed = ring.seal(&identity, &SecretString::from(secret.clone())).unwrap();
        let opened = ring.open(&identity, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), secret.as_str());
    }

    #[test]
    fn a_changed_value_does_not_open(secret in ".{0,40}", position: prop::sample::Index, bit in 0u8..8) {
        let ring = keys_of([("k1", 1)]);
        let sealed = ring.seal("a", &SecretString::from(secret)).unwrap();
        let (id, data) = sealed.split_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(data).unwrap();
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        let changed = format!("{id}.{}", URL_SAFE_NO_PAD.encode(bytes));
        prop_assert!(matches!(ring.open("a", &changed), Err(CryptoError::Damaged)));
    }
}

proptest! {
    #[test]
    fn a_secret_opens_in_its_own_place_and_under_its_own_key_only(
        secret in ".{0,40}", place in "[a-z:]{1,20}", other in "[a-z:]{1,20}", fill in 1u8.., another in 1u8..
    ) {
        prop_assume!(place != other && fill != another);
        let ring = keys_of([("k1", fill)]);
        let sealed = ring.seal(&place, &SecretString::from(secret)).unwrap();
        prop_assert!(matches!(ring.open(&other, &sealed), Err(CryptoError::Damaged)));
        let same_name = keys_of([("k1", another)]);
        prop_assert!(matches!(same_name.open(&place, &sealed), Err(CryptoError::Damaged)));
        let other_name = keys_of([("k2", fill)]);
        prop_assert!(matches!(other_name.open(&place, &sealed), Err(CryptoError::UnknownKey)));
    }

    #[test]
    fn a_rotated_key_opens_what_it_sealed_and_seals_nothing(secret in ".{0,40}", place in "[a-z:]{0,20}") {
        let old = keys_of([("k1", 1)]);
        let both = keys_of([("k2", 2), ("k1", 1)]);
        let new = keys_of([("k2", 2)]);
        let before = old.seal(&place, &SecretString::from(secret.clone())).unwrap();
        prop_assert!(both.needs_rotation(&before));
        let opened = both.open(&place, &before).unwrap();
        let after = both.seal(&place, &opened).unwrap();
        prop_assert!(!both.needs_rotation(&after));
        let opened = new.open(&place, &after).unwrap();
        prop_assert_eq!(opened.expose_secret(), secret.as_str());
        prop_assert!(matches!(old.open(&place, &after), Err(CryptoError::UnknownKey)));
    }

    #[test]
    fn what_is_no_sealed_value_is_refused(text in ".{0,80}") {
        let ring = keys_of([("k1", 1)]);
        prop_assert!(ring.open("a", &text).is_err());
        let named = format!("k1.{text}");
        prop_assert!(ring.open("a", &named).is_err());
    }
}

#[test]
fn another_place_or_key_does_not_open() {
    let ring = keys_of([("k1", 1)]);
    let sealed = ring.seal("integrations:1:access_token", &"token".into()).unwrap();
    assert!(matches!(ring.open("integrations:2:access_token", &sealed), Err(CryptoError::Damaged)));
    let same_name = keys_of([("k1", 2)]);
    assert!(matches!(same_name.open("integrations:1:access_token", &sealed), Err(CryptoError::Damaged)));
    let other_name = keys_of([("k2", 1)]);
    assert!(matches!(other_name.open("integrations:1:access_token", &sealed), Err(CryptoError::UnknownKey)));
    assert_ne!(
        sealed,
        ring.seal("integrations:1:access_token", &"token".into()).unwrap(),
        "nonces are fresh"
    );
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let twice = format!("{},{}", key("a", 1), key("a", 2));
    for text in ["", "k1", "k1:short", "k1:AAAA", ":AAAA", "a b:AAAA", twice.as_str()] {
        assert!(matches!(KeyRing::parse(text), Err(CryptoError::BadKey)), "{text}");
    }
}

/// What a hand may do to a text.
#[derive(Clone, Debug)]
enum Edit {
    Replace(char),
    Insert(char),
    Remove,
    Cut,
}

fn edit() -> impl Strategy<Value = Edit> {
    let letter = || {
        prop_oneof![
            prop::char::range('!', '~'),
            prop::sample::select(vec!['.', '=', '-', '_', '2', ' ', 'ä'])
        ]
    };
    prop_oneof![
        letter().prop_map(Edit::Replace),
        letter().prop_map(Edit::Insert),
        Just(Edit::Remove),
        Just(Edit::Cut)
    ]
}

proptest! {
    #[test]
    fn a_sealed_text_that_was_edited_anywhere_does_not_open(
        secret in ".{0,40}", at: prop::sample::Index, edit in edit()
    ) {
        // The other key of the ring does not open it either.
        let ring = keys_of([("k1", 1), ("k2", 2)]);
        let sealed = ring.seal("a", &SecretString::from(secret)).unwrap();
        let at = at.index(sealed.len());
        let edited: String = match edit {
            Edit::Replace(letter) => [&sealed[..at], &String::from(letter), &sealed[at + 1..]].concat(),
            Edit::Insert(letter) => [&sealed[..at], &String::from(letter), &sealed[at..]].concat(),
            Edit::Remove => [&sealed[..at], &sealed[at + 1..]].concat(),
            Edit::Cut => sealed[..at].to_owned(),
        };
        prop_assume!(edited != sealed);
        prop_assert!(ring.open("a", &edited).is_err(), "{edited} opens as {sealed} does");
    }

    #[test]
    fn parts_of_two_sealed_values_make_no_third(
        one in ".{1,40}", other in ".{1,40}", at: prop::sample::Index
    ) {
        let ring = keys_of([("k1", 1)]);
        let seal = |secret: String| ring.seal("a", &SecretString::from(secret)).unwrap();
        let (one, other) = (seal(one), seal(other));
        // Behind the key's name and before the end of the shorter one.
        let at = 4 + at.index(one.len().min(other.len()) - 4);
        let spliced = [&one[..at], &other[at..]].concat();
        prop_assume!(spliced != one && spliced != other);
        prop_assert!(ring.open("a", &spliced).is_err());
    }
}
