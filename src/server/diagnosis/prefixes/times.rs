//! The times that platforms, runners and tools put in front of a line. Each function gives the length of its time.

/// `2026-01-02T03:04:05.678Z`, also with a space in the middle, without a zone or with an offset.
pub(super) fn iso_time(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    if bytes.len() < shape.len() {
        return None;
    }
    let fits = shape.iter().zip(bytes).all(|(want, have)| match want {
        b'd' => have.is_ascii_digit(),
        b'T' => matches!(have, b'T' | b' '),
        other => have == other,
    });
    if !fits {
        return None;
    }
    let mut at = fraction(bytes, shape.len());
    match bytes.get(at) {
        Some(b'Z') => at += 1,
        Some(b'+' | b'-') if bytes.get(at + 3) == Some(&b':') && text.is_char_boundary(at + 6) => at += 6,
        _ => {}
    }
    ends_prefix(bytes, at)
}

/// `12:05:27`, `12:05:27.123`, `1:05:27 PM:`.
pub(super) fn clock(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = clock_digits(bytes, 0)?;
    if let Some(b" AM" | b" PM") = bytes.get(at..at + 3) {
        at += 3;
        if bytes.get(at) == Some(&b':') {
            at += 1;
        }
    }
    ends_prefix(bytes, at)
}

/// `[12:05:27.123]`.
pub(super) fn bracketed_clock(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = clock_digits(bytes, usize::from(bytes.first() == Some(&b'[')))?;
    (bytes.first() == Some(&b'[') && bytes.get(at) == Some(&b']')).then_some(at + 1)
}

/// `Nov 27 05:12:33 PM`, `Nov 27, 2026, 17:12:33`.
pub(super) fn month_time(text: &str) -> Option<usize> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().find(|month| text.starts_with(**month))?;
    let bytes = text.as_bytes();
    let mut at = 3;
    for digits in [2, 4] {
        let start = at + bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b',')).count();
        if clock_digits(bytes, start).is_some() {
            break;
        }
        let have = bytes.get(start..)?.iter().take(digits).take_while(|b| b.is_ascii_digit()).count();
        if start == at || have == 0 {
            return None;
        }
        at = start + have;
    }
    let start = at + bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b',')).count();
    Some(start + clock(text.get(start..)?)?)
}

fn clock_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let hours = bytes[start.min(bytes.len())..].iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let at = start + hours;
    let tail = bytes.get(at..at + 6)?;
    let fits = hours > 0
        && tail.iter().zip(b":dd:dd").all(|(have, want)| match want {
            b'd' => have.is_ascii_digit(),
            other => have == other,
        });
    fits.then(|| fraction(bytes, at + 6))
}

fn fraction(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'.') && bytes.get(at) != Some(&b',') {
        return at;
    }
    let digits = bytes[at + 1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { at } else { at + 1 + digits }
}

pub(super) fn ends_prefix(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at) {
        None | Some(b' ' | b'\t') => Some(at),
        _ => None,
    }
}
