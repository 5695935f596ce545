//! What has been typed so far → what the field says about it.

use crate::{
    model::{TokenFormatError, token::check_format},
    platforms::Guide,
};

/// How many characters of a token are shown, so that a person knows it again.
const SHOWN: usize = 8;

/// What the field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// A class of the style sheet.
    pub tone: &'static str,
    /// The sentence.
    pub text: String,
}

impl Hint {
    fn new(tone: &'static str, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }

    /// What to say about `typed`.
    pub fn of(guide: &Guide, typed: &str) -> Self {
        let token = typed.trim();
        if token.is_empty() {
            return Self::new("tone-gray", guide.format);
        }
        if let Some((_, what)) = guide.others.iter().find(|(prefix, _)| token.starts_with(prefix)) {
            return Self::new("tone-red", *what);
        }
        match check_format(token) {
            Err(TokenFormatError::TooShort) => Self::new(
                "tone-gray",
                format!("{} characters so far; a token has more.", token.chars().count()),
            ),
            Err(error) => Self::new("tone-red", error.to_string()),
            Ok(()) => {
                let begins: String = token.chars().take(SHOWN).collect();
                let look = if token.starts_with(guide.prefix) { "" } else { " It has the older form." };
                Self::new(
                    "tone-green",
                    format!("Begins with {begins}… and has {} characters.{look}", token.len()),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;

    fn of(typed: &str) -> (&'static str, String) {
        let Hint { tone, text } = Hint::of(Provider::VERCEL.guide(), typed);
        (tone, text)
    }

    #[test]
    fn the_hint_follows_the_typing() {
        assert_eq!(of(" ").0, "tone-gray");
        assert_eq!(of("vcp_a"), ("tone-gray", "5 characters so far; a token has more.".to_owned()));
        assert_eq!(of("vcp_a b c d e").0, "tone-red");
        assert!(of("ghp_0123456789").1.contains("GitHub"));
        assert!(of("abcdefghijklmnopqrstuvwx").1.contains("older form"));
        let (tone, text) = of(" vcp_0123456789secret ");
        assert_eq!((tone, text.as_str()), ("tone-green", "Begins with vcp_0123… and has 20 characters."));
    }

    #[test]
    fn tokens_that_cloudflare_does_not_take_are_told_apart() {
        let tone = |typed: &str| Hint::of(Provider::CLOUDFLARE.guide(), typed).tone;
        assert_eq!(tone("cfut_0123456789"), "tone-green");
        assert_eq!(tone("0123456789abcdefghijklmnopqrstuvwxyzABCD"), "tone-green");
        for other in
            ["cfat_0123456789", "cfk_0123456789", "vcp_0123456789", "rnd_0123456789", "ghp_0123456789"]
        {
            assert_eq!(tone(other), "tone-red", "{other}");
        }
    }
}
