//! Turns what a person says about a token into what is stored about it.

use super::ConnectionError;
use crate::{
    model::{ConnectInput, Timestamp},
    server::clock::Clock,
};
use chrono::{NaiveDate, NaiveTime};
use secrecy::{ExposeSecret as _, SecretString};

/// The longest note that is kept, in characters.
const MAX_NOTE: usize = 200;

/// A token with what goes with it.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    /// The token.
    pub token: SecretString,
    /// The person's own note about it.
    pub note: Option<String>,
    /// When it expires, as the person says; what the platform says goes before it.
    pub expires_at: Option<Timestamp>,
    /// Only this team's projects.
    pub team_id: Option<String>,
    /// Fixes of newly watched projects start by themselves.
    pub auto_fix: bool,
}

impl From<SecretString> for ConnectRequest {
    /// The token alone: everything that it reaches, with auto-fix on. Pasted text often has blanks around it.
    fn from(token: SecretString) -> Self {
        let token = SecretString::from(token.expose_secret().trim());
        Self { token, note: None, expires_at: None, team_id: None, auto_fix: true }
    }
}

impl ConnectRequest {
    /// Reads what was filled in.
    ///
    /// # Errors
    /// [`ConnectionError::Input`] says which field cannot be so.
    pub fn read(input: ConnectInput, clock: &Clock) -> Result<Self, ConnectionError> {
        let note = input.note.trim();
        if note.chars().count() > MAX_NOTE {
            return Err(ConnectionError::Input("The note may have at most 200 characters."));
        }
        Ok(Self {
            note: (!note.is_empty()).then(|| note.to_owned()),
            expires_at: expiry(input.expires_on.trim(), clock.now())?,
            team_id: input.team_id.filter(|team| !team.is_empty()),
            auto_fix: input.auto_fix,
            ..Self::from(SecretString::from(input.token.0))
        })
    }
}

/// The end of that day in UTC.
fn expiry(day: &str, now: Timestamp) -> Result<Option<Timestamp>, ConnectionError> {
    if day.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = day
        .parse()
        .map_err(|_| ConnectionError::Input("The expiry has to be a day, for instance 2027-01-31."))?;
    let end = NaiveTime::from_hms_opt(23, 59, 59).map(|time| day.and_time(time).and_utc());
    match end {
        Some(end) if end > now => Ok(Some(end)),
        _ => Err(ConnectionError::Input("The expiry is in the past. Use a token that still works.")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::model::{Provider, Secret};
    use rstest::rstest;

    fn input(note: &str, expires_on: &str) -> ConnectInput {
        ConnectInput {
            provider: Provider::VERCEL,
            token: Secret("  vcp_token\n".into()),
            note: note.into(),
            expires_on: expires_on.into(),
            team_id: Some(String::new()),
            auto_fix: false,
        }
    }

    fn clock() -> Clock {
        Clock::fixed("2026-11-23T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn what_was_filled_in_is_tidied() {
        let read = ConnectRequest::read(input("  of the team ", "2026-11-23"), &clock()).unwrap();
        assert_eq!(read.token.expose_secret(), "vcp_token");
        assert_eq!((read.note.as_deref(), read.team_id, read.auto_fix), (Some("of the team"), None, false));
        assert_eq!(read.expires_at, Some("2026-11-23T23:59:59Z".parse().unwrap()));
        let bare = ConnectRequest::read(input("", ""), &clock()).unwrap();
        assert_eq!((bare.note, bare.expires_at), (None, None));
    }

    #[rstest]
    #[case::past("", "2026-11-22")]
    #[case::no_day("", "tomorrow")]
    #[case::no_such_day("", "2027-02-30")]
    #[case::long_note(&"x".repeat(201), "")]
    fn what_cannot_be_is_refused(#[case] note: &str, #[case] expires_on: &str) {
        let read = ConnectRequest::read(input(note, expires_on), &clock());
        assert!(matches!(read, Err(ConnectionError::Input(_))));
    }
}
