//! Finds the errors in a log: file, line, column, and what the message means.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::bundler;

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File it is reported in; empty if the log names none.
    pub file: String,
    /// 1-based line, 0 if unknown.
    pub line: usize,
    /// 1-based column, 0 if unknown.
    pub column: usize,
    /// The message without its code.
    pub message: String,
    /// What it means.
    pub kind: Kind,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A value of one type where another is wanted.
    NotAssignable {
        /// The value's type.
        from: String,
        /// The wanted type.
        to: String,
    },
    /// The same for a call's argument.
    WrongArgument {
        /// The value's type.
        from: String,
        /// The wanted type.
        to: String,
    },
    /// No such variable or type.
    UnknownName {
        /// The name.
        name: String,
        /// What the compiler thinks was meant.
        suggestion: Option<String>,
    },
    /// No such property on a type.
    UnknownProperty {
        /// The property.
        name: String,
        /// The type.
        on: String,
        /// What the compiler thinks was meant.
        suggestion: Option<String>,
    },
    /// Required properties are missing from an object.
    MissingProperties {
        /// Their names.
        names: Vec<String>,
        /// The type that requires them.
        on: String,
    },
    /// May be null or undefined; the expression if the message names it.
    Nullish(Option<String>),
    /// Declared and never used; none for a whole import.
    Unused(Option<String>),
    /// A parameter without a type.
    ImplicitAny(String),
    /// A module has no such export.
    UnknownExport {
        /// The export asked for.
        name: String,
        /// The module as written in the import.
        module: String,
        /// What the compiler thinks was meant.
        suggestion: Option<String>,
    },
    /// Imported as the default export, and the module has only a named one.
    NoDefaultExport(String),
    /// Imported by name, and the module has it as the default export.
    OnlyDefaultExport(String),
    /// A relative import that leads nowhere; empty if the log does not quote the import.
    UnresolvedImport(String),
    /// A package that is not installed.
    MissingPackage(String),
    /// The project's packages are not installed here.
    NotInstalled,
    /// Something else.
    Other,
}

static POSITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) (?P<file>[^\s:'\x22`|>]+\.(?:[cm]?[jt]sx?|vue|svelte|astro))
           (?: \((?P<line>\d+),(?P<column>\d+)\)\s*:?\s+ | :(?P<line2>\d+):(?P<column2>\d+)\s*(?:-\s+|:?\s+) )
           error \s+ (?P<code>TS\d+) : \s* (?P<message>.+)$",
    )
    .ok()
});

static NEXT_POSITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?P<file>[^\s:'\x22`|>]+\.(?:[cm]?[jt]sx?|vue|svelte|astro)):(?P<line>\d+):(?P<column>\d+)\s*$",
    )
    .ok()
});

/// All errors of a log, in its order, each once.
#[must_use]
pub fn problems(log: &str) -> Vec<Problem> {
    let lines: Vec<String> = log.lines().map(clean).collect();
    let mut found: Vec<Problem> = Vec::new();
    for index in 0..lines.len() {
        let problem = typescript(&lines[index])
            .or_else(|| next_js(&lines, index))
            .or_else(|| bundler::read(&lines, index))
            .or_else(|| bundler::missing_tool(&lines[index]));
        if let Some(problem) = problem
            && !found.contains(&problem)
        {
            found.push(problem);
        }
    }
    // The same error may be told twice, once without its place.
    let placed: Vec<Kind> =
        found.iter().filter(|problem| problem.line > 0).map(|problem| problem.kind.clone()).collect();
    found.retain(|problem| problem.line > 0 || !placed.contains(&problem.kind));
    found
}

/// Without colours and the marks that quoting puts in front of or around a line.
fn clean(line: &str) -> String {
    static COLOUR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;]*[A-Za-z]").ok());
    let text =
        COLOUR.as_ref().map_or_else(|| line.to_owned(), |colour| colour.replace_all(line, "").into_owned());
    text.trim_end().to_owned()
}

fn typescript(line: &str) -> Option<Problem> {
    let parts = POSITION.as_ref()?.captures(line)?;
    let number =
        |first: &str, second: &str| parts.name(first).or_else(|| parts.name(second))?.as_str().parse().ok();
    let message = parts["message"].trim().to_owned();
    Some(Problem {
        file: tidy(&parts["file"]),
        line: number("line", "line2")?,
        column: number("column", "column2")?,
        kind: meaning(&message),
        message,
    })
}

/// Next.js: a line with the position, then `Type error: MESSAGE`.
fn next_js(lines: &[String], index: usize) -> Option<Problem> {
    let (_, message) = lines[index].split_once("Type error: ")?;
    let before =
        lines[..index].iter().rev().take(2).find_map(|line| NEXT_POSITION.as_ref()?.captures(line))?;
    Some(Problem {
        file: tidy(&before["file"]),
        line: before["line"].parse().ok()?,
        column: before["column"].parse().ok()?,
        kind: meaning(message),
        message: message.to_owned(),
    })
}

/// A path relative to the project.
#[must_use]
pub fn tidy(path: &str) -> String {
    let path = path.trim_start_matches(['[', '(', '"', '\'']).trim_end_matches([')', '"', '\'', ',']);
    let path = path.strip_prefix("/vercel/path0/").unwrap_or(path);
    path.trim_start_matches("./").to_owned()
}

/// Turns the words of a message into what they mean.
#[must_use]
pub fn meaning(message: &str) -> Kind {
    type Read = fn(&Captures<'_>) -> Kind;
    static READERS: LazyLock<Vec<(Regex, Read)>> = LazyLock::new(|| {
        let readers: [(&str, Read); 19] = [
            (r"^Argument of type '(.*?)' is not assignable to parameter of type '(.*?)'\.", |c| {
                Kind::WrongArgument { from: c[1].to_owned(), to: c[2].to_owned() }
            }),
            (r"^Type '(.*?)' is not assignable to type '(.*?)'\.", |c| Kind::NotAssignable {
                from: c[1].to_owned(),
                to: c[2].to_owned(),
            }),
            (
                r"^Cannot find name '(.+?)'\. Did you mean (?:the instance member |the static member )?'(.+?)'\?",
                |c| Kind::UnknownName { name: c[1].to_owned(), suggestion: Some(c[2].to_owned()) },
            ),
            (r"^Cannot find name '(.+?)'\. Do you need to install type definitions for node\?", |_| {
                Kind::MissingPackage("@types/node".to_owned())
            }),
            (r"^Cannot find name '(.+?)'\.", |c| Kind::UnknownName {
                name: c[1].to_owned(),
                suggestion: None,
            }),
            (r"^Property '(.+?)' does not exist on type '(.+?)'\. Did you mean '(.+?)'\?", |c| {
                Kind::UnknownProperty {
                    name: c[1].to_owned(),
                    on: c[2].to_owned(),
                    suggestion: Some(c[3].to_owned()),
                }
            }),
            (
                r"^Object literal may only specify known properties, but '(.+?)' does not exist in type '(.+?)'\. Did you mean to write '(.+?)'\?",
                |c| Kind::UnknownProperty {
                    name: c[1].to_owned(),
                    on: c[2].to_owned(),
                    suggestion: Some(c[3].to_owned()),
                },
            ),
            (
                r"^(?:Property|Object literal may only specify known properties, and) '(.+?)' does not exist (?:on|in) type '(.+?)'\.",
                |c| Kind::UnknownProperty { name: c[1].to_owned(), on: c[2].to_owned(), suggestion: None },
            ),
            (r"^Property '(.+?)' is missing in type '.*' but required in type '(.+?)'\.", |c| {
                Kind::MissingProperties { names: vec![c[1].to_owned()], on: c[2].to_owned() }
            }),
            (r"^Type '.*' is missing the following properties from type '(.+?)': (.+)$", |c| {
                Kind::MissingProperties {
                    names: c[2].split(", ").filter(|name| !name.contains(' ')).map(str::to_owned).collect(),
                    on: c[1].to_owned(),
                }
            }),
            (r"^'(.+?)' is possibly '(?:null|undefined|null' or 'undefined)'\.", |c| {
                Kind::Nullish(Some(c[1].to_owned()))
            }),
            (r"^Object is possibly '(?:null|undefined|null' or 'undefined)'\.", |_| Kind::Nullish(None)),
            (
                r"^'(.+?)' is (?:declared but (?:its value is never read|never used)|defined but never used)",
                |c| Kind::Unused(Some(c[1].to_owned())),
            ),
            (r"^All imports in import declaration are unused\.", |_| Kind::Unused(None)),
            (r"^(?:Parameter|Binding element) '(.+?)' implicitly has an 'any' type\.", |c| {
                Kind::ImplicitAny(c[1].to_owned())
            }),
            (r"^Module '.+?' has no default export\. Did you mean to use 'import \{ (.+?) \} from", |c| {
                Kind::NoDefaultExport(c[1].to_owned())
            }),
            (r"^Module '.+?' has no exported member '(.+?)'\. Did you mean to use 'import .+? from", |c| {
                Kind::OnlyDefaultExport(c[1].to_owned())
            }),
            (
                r#"^(?:Module|'|")\s*['"]*(?P<module>[^'"]+)["']* has no exported member (?:named )?'(?P<name>.+?)'\.(?: Did you mean '(?P<suggestion>.+?)'\?)?"#,
                |c| Kind::UnknownExport {
                    name: c["name"].to_owned(),
                    module: c["module"].to_owned(),
                    suggestion: c.name("suggestion").map(|found| found.as_str().to_owned()),
                },
            ),
            (r"^Cannot find (?:module|type definition file for) '(.+?)'", |c| bundler::import(&c[1])),
        ];
        readers.into_iter().filter_map(|(pattern, read)| Some((Regex::new(pattern).ok()?, read))).collect()
    });
    let typo = Regex::new(r#"^Type '(.*?)' is not assignable to type '(.*?)'\. Did you mean '(.+?)'\?"#).ok();
    if let Some(parts) =
        typo.and_then(|typo| typo.captures(message).map(|c| (c[1].to_owned(), c[3].to_owned())))
    {
        return Kind::NotAssignable { from: parts.0, to: parts.1 };
    }
    READERS
        .iter()
        .find_map(|(pattern, read)| pattern.captures(message).map(|parts| read(&parts)))
        .unwrap_or(Kind::Other)
}

impl Problem {
    /// Tells this error from the others: used to try each once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}:{} {}", self.file, self.line, self.column, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Problem, meaning, problems};

    fn not_assignable(from: &str, to: &str) -> Kind {
        Kind::NotAssignable { from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn positions_are_read_in_each_form() {
        let wanted = Problem {
            file: "src/app/(shop)/cart.ts".to_owned(),
            line: 12,
            column: 9,
            message: "Type 'string' is not assignable to type 'number'.".to_owned(),
            kind: not_assignable("string", "number"),
        };
        for log in [
            "src/app/(shop)/cart.ts(12,9): error TS2322: Type 'string' is not assignable to type 'number'.",
            "[12:00:01.123] src/app/(shop)/cart.ts(12,9): error TS2322: Type 'string' is not assignable to type 'number'.",
            "> 41 | src/app/(shop)/cart.ts:12:9 - error TS2322: Type 'string' is not assignable to type 'number'.",
            "\u{1b}[96msrc/app/(shop)/cart.ts\u{1b}[0m:\u{1b}[93m12\u{1b}[0m:\u{1b}[93m9\u{1b}[0m - \u{1b}[91merror\u{1b}[0m\u{1b}[90m TS2322: \u{1b}[0mType 'string' is not assignable to type 'number'.",
            "./src/app/(shop)/cart.ts:12:9\nType error: Type 'string' is not assignable to type 'number'.\n\n  10 | x",
        ] {
            assert_eq!(problems(log), std::slice::from_ref(&wanted), "{log}");
        }
    }

    #[test]
    fn an_error_told_twice_counts_once() {
        let log = "Could not resolve \"./Header\"\n\n   1 | esbuild src/other.ts\n   2 | ✘ [ERROR] Could not resolve \"./Header\"\n   3 | \n   4 |     src/main.ts:3:23:\n";
        let found: Vec<(String, usize)> =
            problems(log).into_iter().map(|problem| (problem.file, problem.line)).collect();
        assert_eq!(found, [("src/main.ts".to_owned(), 3)]);
    }

    #[test]
    fn messages_are_understood() {
        let some = |text: &str| Some(text.to_owned());
        let name = |text: &str| text.to_owned();
        for (message, wanted) in [
            (
                "Argument of type 'number' is not assignable to parameter of type 'string'.",
                Kind::WrongArgument { from: name("number"), to: name("string") },
            ),
            (
                "Type '\"prmary\"' is not assignable to type '\"primary\" | \"plain\"'. Did you mean '\"primary\"'?",
                not_assignable("\"prmary\"", "\"primary\""),
            ),
            (
                "Cannot find name 'totl'. Did you mean 'total'?",
                Kind::UnknownName { name: name("totl"), suggestion: some("total") },
            ),
            ("Cannot find name 'foo'.", Kind::UnknownName { name: name("foo"), suggestion: None }),
            (
                "Property 'lenght' does not exist on type 'string[]'. Did you mean 'length'?",
                Kind::UnknownProperty {
                    name: name("lenght"),
                    on: name("string[]"),
                    suggestion: some("length"),
                },
            ),
            (
                "Object literal may only specify known properties, and 'colour' does not exist in type 'Theme'.",
                Kind::UnknownProperty { name: name("colour"), on: name("Theme"), suggestion: None },
            ),
            (
                "Property 'id' is missing in type '{ a: string; }' but required in type 'Item'.",
                Kind::MissingProperties { names: vec![name("id")], on: name("Item") },
            ),
            (
                "Type '{}' is missing the following properties from type 'Item': id, name",
                Kind::MissingProperties { names: vec![name("id"), name("name")], on: name("Item") },
            ),
            ("'user.name' is possibly 'undefined'.", Kind::Nullish(some("user.name"))),
            ("Object is possibly 'null'.", Kind::Nullish(None)),
            ("'x' is declared but its value is never read.", Kind::Unused(some("x"))),
            ("Parameter 'row' implicitly has an 'any' type.", Kind::ImplicitAny(name("row"))),
            (
                "Module '\"./money\"' has no exported member 'fromat'. Did you mean 'format'?",
                Kind::UnknownExport {
                    name: name("fromat"),
                    module: name("./money"),
                    suggestion: some("format"),
                },
            ),
            (
                "'\"./money\"' has no exported member named 'fromat'. Did you mean 'format'?",
                Kind::UnknownExport {
                    name: name("fromat"),
                    module: name("./money"),
                    suggestion: some("format"),
                },
            ),
            (
                "Cannot find module './Header' or its corresponding type declarations.",
                Kind::UnresolvedImport(name("./Header")),
            ),
            (
                "Cannot find module 'date-fns/format' or its corresponding type declarations.",
                Kind::MissingPackage(name("date-fns")),
            ),
            (
                "Module '\"/r/node_modules/nanoid/index\"' has no default export. Did you mean to use 'import { nanoid } from \"/r/x\"' instead?",
                Kind::NoDefaultExport(name("nanoid")),
            ),
            (
                "Module '\"./card\"' has no exported member 'Card'. Did you mean to use 'import Card from \"./card\"' instead?",
                Kind::OnlyDefaultExport(name("Card")),
            ),
            ("Something new.", Kind::Other),
        ] {
            assert_eq!(meaning(message), wanted, "{message}");
        }
    }
}
