//! Finds where a type is declared, and what it says.

use std::ops::Range;

use super::{Next, give_up};
use crate::model::evidence::Evidence;
use crate::model::source::{SourceFile, expression_list_end, is_word, skip_blank, word_at};

/// A member of an interface, object type or class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Type as written; empty for a method.
    pub of: String,
}

/// A declared object type.
#[derive(Debug)]
pub struct Declared<'a> {
    /// The file that declares it.
    pub file: &'a SourceFile,
    /// Inside of its braces.
    pub body: Range<usize>,
    /// Its members.
    pub members: Vec<Member>,
}

/// What `type NAME = …` stands for. None if the name is not that of such a type.
pub fn alias_of(name: &str, evidence: &Evidence) -> Result<Option<String>, Next> {
    if !is_type_name(name) {
        return Ok(None);
    }
    let hits = evidence.search(&format!("(type) {name} *="))?;
    let Some(hit) = hits.first() else { return Ok(None) };
    let file = evidence.file(&hit.path, 1)?;
    let Some(start) = file.text.find(hit.text.trim_end()) else { return Ok(None) };
    let Some(equals) = file.text[start..].find('=') else { return Ok(None) };
    let rest = &file.text[start + equals + 1..];
    let end = rest.find(';').or_else(|| rest.find("\n\n")).unwrap_or(rest.len());
    let meaning = rest[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Some(meaning.trim_start_matches('|').trim().to_owned()))
}

/// The declaration of an interface, object type or class.
pub fn declared<'a>(name: &str, evidence: &'a Evidence) -> Result<Declared<'a>, Next> {
    let name = name.trim().trim_start_matches("typeof ");
    let name = name.split('<').next().unwrap_or(name);
    if !is_type_name(name) {
        return Err(give_up("the type has no name"));
    }
    let hits = evidence.search(&format!("(interface|type|class) {name}( |<|=|[{{])"))?;
    let hit = hits.first().ok_or_else(|| Next::GiveUp(format!("{name} is not declared in this project")))?;
    let file = evidence.file(&hit.path, 1)?;
    let start = file.text.find(hit.text.trim_end()).ok_or_else(|| give_up("the declaration has moved"))?;
    let open = file.text[start..]
        .find('{')
        .map(|at| start + at + 1)
        .ok_or_else(|| give_up("it is not an object type"))?;
    let close = expression_list_end(&file.text, open).ok_or_else(|| give_up("the declaration has no end"))?;
    let members = members(&file.text[open..close]);
    Ok(Declared { file, body: open..close, members })
}

fn is_type_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_word) && name.chars().next().is_some_and(char::is_uppercase)
}

/// Members at the top level of a body.
fn members(body: &str) -> Vec<Member> {
    let mut found = Vec::new();
    let mut at = skip_blank(body, 0);
    while at < body.len() {
        let mut word = word_at(body, at);
        let mut start = at;
        while ["readonly", "public", "private", "protected", "static"].contains(&word) {
            start = skip_blank(body, start + word.len());
            word = word_at(body, start);
        }
        let end = member_end(body, start);
        let after = body.get(start + word.len()..end).unwrap_or_default().trim_start_matches('?').trim();
        if !word.is_empty() {
            let of = after.strip_prefix(':').map(|of| of.split('=').next().unwrap_or(of)).unwrap_or_default();
            let of = if after.contains("=>") { after.trim_start_matches(':') } else { of };
            found.push(Member { name: word.to_owned(), of: of.trim().to_owned() });
        }
        at = skip_blank(body, (end + 1).max(at + 1).min(body.len()));
    }
    found
}

fn member_end(body: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, character) in body[start..].char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ';' | ',' | '\n' if depth == 0 => return start + index,
            _ => {}
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::{Member, members};

    #[test]
    fn members_have_names_and_types() {
        let body = "\n  readonly id: string;\n  note?: string | null,\n  tags: { name: string }[]\n  run(a: number): void;\n  on: (e: Event) => void;\n";
        let found: Vec<(String, String)> =
            members(body).into_iter().map(|Member { name, of }| (name, of)).collect();
        let wanted = [
            ("id", "string"),
            ("note", "string | null"),
            ("tags", "{ name: string }[]"),
            ("run", ""),
            ("on", "(e: Event) => void"),
        ];
        let wanted: Vec<(String, String)> = wanted.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        assert_eq!(found, wanted);
    }
}
