//! A log line with the colour codes of any terminal → the same text with few and simple ones: each sequence starts
//! with a reset and says everything that holds from there on (ECMA-48, 8.3.117, "select graphic rendition").
//!
//! Colours are the eight basic ones; others become the nearest of them. The style of one line ends with it.

use super::clean::{Piece, pieces};
use std::fmt::Write as _;

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    /// 0 black to 7 white.
    text: Option<u8>,
    /// The same, behind the text.
    ground: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    inverse: bool,
}

/// The line in colour; `None` when it has none.
pub fn coloured(line: &str) -> Option<String> {
    let (mut style, mut shown) = (Style::default(), Style::default());
    let mut out = String::with_capacity(line.len());
    pieces(line, |piece| match piece {
        Piece::Style(codes) => style.take(codes),
        Piece::Char(character) => {
            if style != shown {
                style.write(&mut out);
                shown = style;
            }
            out.push(character);
        }
    });
    if shown != Style::default() {
        Style::default().write(&mut out);
    }
    out.contains('\u{1b}').then_some(out)
}

impl Style {
    fn take(&mut self, codes: &str) {
        // A code that is left out is a 0.
        let mut codes = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                7 => self.inverse = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                27 => self.inverse = false,
                30..=37 => self.text = basic(code - 30),
                38 => self.text = extended(&mut codes),
                39 => self.text = None,
                40..=47 => self.ground = basic(code - 40),
                48 => self.ground = extended(&mut codes),
                49 => self.ground = None,
                90..=97 => self.text = basic(code - 90),
                100..=107 => self.ground = basic(code - 100),
                _ => {}
            }
        }
    }

    fn write(self, out: &mut String) {
        let (text, ground) = match (self.inverse, self.text, self.ground) {
            (false, text, ground) => (text, ground),
            (true, text, ground) => (ground, Some(text.unwrap_or(7))),
        };
        out.push_str("\u{1b}[0");
        for (code, holds) in [(1, self.bold), (2, self.dim), (3, self.italic), (4, self.underlined)] {
            if holds {
                // Writing to a String cannot fail.
                let _ = write!(out, ";{code}");
            }
        }
        for (base, colour) in [(30, text), (40, ground)] {
            if let Some(colour) = colour {
                let _ = write!(out, ";{}", base + u16::from(colour));
            }
        }
        out.push('m');
    }
}

fn basic(number: u16) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| *number < 8)
}

/// `5;n` of the 256 colours, `2;r;g;b` of all of them.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match codes.next()? {
        5 => match codes.next()? {
            number @ 0..16 => basic(number % 8),
            number @ 16..232 => {
                let number = number - 16;
                nearest([number / 36, number / 6 % 6, number % 6].map(|part| part * 51))
            }
            number => nearest([(number.saturating_sub(232)) * 10 + 8; 3]),
        },
        2 => {
            let parts = [codes.next()?, codes.next()?, codes.next()?];
            nearest(parts)
        }
        _ => None,
    }
}

/// Of red, green and blue, each 0 to 255. Greys are left to the page.
fn nearest(parts: [u16; 3]) -> Option<u8> {
    let (least, most) = (parts.into_iter().min()?, parts.into_iter().max()?);
    if most - least < 40 {
        return None;
    }
    let middle = (least + most) / 2;
    let bits = parts.into_iter().enumerate().filter(|(_, part)| *part > middle).map(|(bit, _)| 1 << bit);
    Some(bits.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::diagnosis::clean::clean;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("plain", None)]
    #[case("\u{1b}[2K\u{1b}[1Gplain", None)]
    #[case("\u{1b}[31mred\u{1b}[39m rest", Some("\u{1b}[0;31mred\u{1b}[0m rest"))]
    #[case("\u{1b}[1m\u{1b}[31mx\u{1b}[m", Some("\u{1b}[0;1;31mx\u{1b}[0m"))]
    #[case("\u{1b}[91;4mx", Some("\u{1b}[0;4;31mx\u{1b}[0m"))]
    #[case("\u{1b}[7m FAIL \u{1b}[27m", Some("\u{1b}[0;47m FAIL \u{1b}[0m"))]
    #[case("\u{1b}[38;5;196mx", Some("\u{1b}[0;31mx\u{1b}[0m"))]
    #[case("\u{1b}[38;2;20;200;30mx\u{1b}[0m", Some("\u{1b}[0;32mx\u{1b}[0m"))]
    #[case("\u{1b}[38;5;244mx", None)]
    #[case("[33mwarn[0m: no escape", Some("\u{1b}[0;33mwarn\u{1b}[0m: no escape"))]
    #[case("gone\r\u{1b}[32mdone\u{1b}[0m", Some("\u{1b}[0;32mdone\u{1b}[0m"))]
    fn colours_become_simple(#[case] line: &str, #[case] expected: Option<&str>) {
        assert_eq!(coloured(line).as_deref(), expected);
    }

    proptest! {
        #[test]
        fn the_text_stays_the_same(line in "(\u{1b}\\[[0-9;]{0,8}m|[ -~]|\r|\u{1b}|é){0,40}") {
            let expected = clean(&line);
            prop_assert_eq!(coloured(&line).map_or(expected.clone(), |line| clean(&line)), expected);
        }
    }
}
