//! "'x' is possibly 'undefined'": optional chaining, or a neutral value where it is calculated with.

use super::{Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::chain;

/// The change for this error.
pub fn repair(problem: &Problem, name: Option<&str>, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let text = &file.text;
    let end = match name {
        Some(name) if text[at..].starts_with(name) => at + name.len(),
        Some(_) => return Err(give_up("the expression is not at this place any more")),
        None => first_part(text, at),
    };
    let what = &text[at..end];
    let why = format!("{what} may be absent here.");
    let after = &text[end..];
    if let Some(rest) = after.strip_prefix('.') {
        let target = chain(text, at).end;
        let rest_of_line = text[target..].trim_start();
        if rest_of_line.starts_with('=') && !rest_of_line.starts_with("==") && !rest_of_line.starts_with("=>")
        {
            return Err(give_up("it is assigned to, and that needs a decision"));
        }
        debug_assert!(!rest.is_empty());
        return replace(file, end..end, "?", &why);
    }
    if after.starts_with(['[', '(']) {
        return replace(file, end..end, "?.", &why);
    }
    replace(file, at..end, &format!("({what} ?? 0)"), &why)
}

/// The part before the last member: in `a.find(x).name` the object is `a.find(x)`.
fn first_part(text: &str, at: usize) -> usize {
    let whole = chain(text, at);
    let inside = &text[whole.clone()];
    let mut depth = 0_usize;
    let mut cut = whole.end;
    for (index, character) in inside.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                let closed = inside[..index].ends_with([')', ']']);
                if closed {
                    return whole.start + index;
                }
                cut = cut.min(whole.end);
            }
            _ => {}
        }
    }
    inside.rfind('.').map_or(cut, |index| whole.start + index)
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn absence_is_allowed_for() {
        for (column, message, before, after) in [
            (7, "'user' is possibly 'undefined'.", "print(user.name);\n", "print(user?.name);\n"),
            (
                7,
                "'user.address' is possibly 'null'.",
                "print(user.address.city);\n",
                "print(user.address?.city);\n",
            ),
            (1, "'map' is possibly 'undefined'.", "map[\"a\"];\n", "map?.[\"a\"];\n"),
            (
                11,
                "'count' is possibly 'undefined'.",
                "const x = count * 2;\n",
                "const x = (count ?? 0) * 2;\n",
            ),
            (
                7,
                "Object is possibly 'undefined'.",
                "print(all.find(one).name);\n",
                "print(all.find(one)?.name);\n",
            ),
        ] {
            let log = format!("src/a.ts(1,{column}): error TS18048: {message}");
            assert_eq!(mend(&log, &[("src/a.ts", before)]), after);
        }
    }

    #[test]
    fn an_assignment_is_left() {
        let log = "src/a.ts(1,1): error TS18047: 'user' is possibly 'null'.";
        assert!(mend(log, &[("src/a.ts", "user.name = 1;\n")]).starts_with("gave up"));
    }
}
