//! Decides the next step from the conversation: takes the first error that was not tried yet, looks at
//! what its repair needs, changes one thing, builds again, and goes on with what is left. Bounded.

use serde_json::json;

use super::conversation::{Call, Conversation, Turn};
use super::evidence::{Evidence, edited};
use super::misbehave;
use super::problem::{Problem, problems};
use super::prompt::{build_command, folder};
use super::repairs::{Change, Next, repair};
use super::state::Mode;

/// Changes in one conversation at most.
const MOST_CHANGES: usize = 12;
/// What the build's output ends with, so that its result is in the conversation.
const ENDED: &str = "build exit code:";
/// What stands before an error's key in what the model says with a change.
const FIXING: &str = "Fixing: ";

/// What the model does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Calls a tool.
    Call {
        /// The call.
        call: Call,
        /// What it says before.
        say: String,
    },
    /// Ends with this text.
    Final(String),
}

/// The next step.
#[must_use]
pub fn next(conversation: &Conversation, mode: Mode) -> Step {
    misbehave::step(conversation, mode).unwrap_or_else(|| work(conversation))
}

/// A step of honest work.
#[must_use]
pub fn work(conversation: &Conversation) -> Step {
    let turns = &conversation.turns;
    let folder = folder(&conversation.prompt);
    let there = |command: String| match &folder {
        Some(folder) => format!("cd '{folder}' && {command}"),
        None => command,
    };
    let command = build_command(&conversation.prompt).map(&there);
    let built = turns.iter().rposition(is_build);
    let since = built.map_or(0, |index| index + 1);
    let changed = turns[since..].iter().any(took);
    let changes = turns.iter().filter(|turn| took(turn)).count();
    if changed && let Some(command) = &command {
        return build(command);
    }
    if built.is_some_and(|index| turns[index].result.contains(&format!("{ENDED} 0"))) {
        return Step::Final(summary(turns, "The build passes now."));
    }
    let log = built.map_or(conversation.prompt.as_str(), |index| turns[index].result.as_str());
    let found = problems(log);
    if found.is_empty()
        && built.is_none()
        && let Some(command) = &command
    {
        return build(command);
    }
    if changes >= MOST_CHANGES {
        return Step::Final(summary(
            turns,
            "The build still fails, and I have made as many changes as I may.",
        ));
    }
    let evidence = Evidence::of(conversation);
    let mut reasons: Vec<String> = Vec::new();
    for problem in &found {
        if tried(turns, problem) {
            let seen = if built.is_some() { "did not help" } else { "was not built" };
            reasons.push(format!("{}: my change {seen}", problem.key()));
            continue;
        }
        match repair(problem, &evidence) {
            Ok(Change::Run { command, why }) => {
                return carry_out(problem, Change::Run { command: there(command), why });
            }
            Ok(change) => return carry_out(problem, change),
            Err(Next::Look(call)) if !asked(turns, &call) => {
                return Step::Call { call, say: format!("Looking into {}", problem.key()) };
            }
            Err(Next::Look(_)) => reasons.push(format!("{}: I could not see what I needed", problem.key())),
            Err(Next::GiveUp(reason)) => reasons.push(format!("{}: {reason}", problem.key())),
        }
    }
    let rest = if reasons.is_empty() {
        "I found no error that I know how to repair.".to_owned()
    } else {
        format!("Not seen to be repaired:\n- {}", reasons.join("\n- "))
    };
    Step::Final(summary(turns, &rest))
}

fn carry_out(problem: &Problem, change: Change) -> Step {
    match change {
        Change::Edit { path, old, new, why } => Step::Call {
            call: Call {
                tool: "edit".to_owned(),
                arguments: json!({"filePath": path, "oldString": old, "newString": new}),
            },
            say: format!("{FIXING}{}\n{why}", problem.key()),
        },
        Change::Run { command, why } => Step::Call {
            call: Call {
                tool: "bash".to_owned(),
                arguments: json!({"command": command, "description": "Change the project", "timeout": 300_000}),
            },
            say: format!("{FIXING}{}\n{why}", problem.key()),
        },
    }
}

fn build(command: &str) -> Step {
    let command = format!("{command}; echo \"{ENDED} $?\"");
    Step::Call {
        call: Call {
            tool: "bash".to_owned(),
            arguments: json!({"command": command, "description": "Build the project", "timeout": 300_000}),
        },
        say: "Building to see whether it passes.".to_owned(),
    }
}

fn is_build(turn: &Turn) -> bool {
    turn.call.tool == "bash" && turn.call.text("command").contains(ENDED)
}

/// A change that was made: an edit that took, or a command that was to change something.
fn took(turn: &Turn) -> bool {
    edited(turn) || (turn.call.tool == "bash" && turn.say.contains(FIXING))
}

fn tried(turns: &[Turn], problem: &Problem) -> bool {
    let mark = format!("{FIXING}{}\n", problem.key());
    turns.iter().any(|turn| format!("{}\n", turn.say).contains(&mark))
}

fn asked(turns: &[Turn], call: &Call) -> bool {
    turns.iter().any(|turn| turn.call == *call)
}

fn summary(turns: &[Turn], end: &str) -> String {
    let changes: Vec<String> = turns
        .iter()
        .filter(|turn| took(turn))
        .filter_map(|turn| {
            let (_, why) = turn.say.split_once(FIXING)?.1.split_once('\n')?;
            let place =
                if turn.call.tool == "edit" { turn.call.text("filePath") } else { turn.call.text("command") };
            Some(format!("- {place}: {}", why.trim()))
        })
        .collect();
    if changes.is_empty() { end.to_owned() } else { format!("{}\n\n{end}", changes.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::{Step, next};
    use crate::model::conversation::{Conversation, Turn};
    use crate::model::state::Mode;

    const PROMPT: &str = "The build failed. Build command: `npm run build`\n\n    src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\n";

    fn play(answers: &[(&str, &str)]) -> (Vec<String>, String) {
        play_from(PROMPT, answers)
    }

    fn play_from(prompt: &str, answers: &[(&str, &str)]) -> (Vec<String>, String) {
        let mut conversation = Conversation { prompt: prompt.to_owned(), ..Conversation::default() };
        let mut calls = Vec::new();
        for (tool, answer) in answers {
            match next(&conversation, Mode::Ok) {
                Step::Final(text) => return (calls, text),
                Step::Call { call, say } => {
                    assert_eq!(call.tool, *tool);
                    calls.push(call.arguments.to_string());
                    conversation.turns.push(Turn { call, result: (*answer).to_owned(), say });
                }
            }
        }
        match next(&conversation, Mode::Ok) {
            Step::Final(text) => (calls, text),
            Step::Call { call, .. } => panic!("more than expected: {call:?}"),
        }
    }

    const READ: (&str, &str) = (
        "read",
        "<path>/r/src/a.ts</path>\n<type>file</type>\n<content>\n1: const port: number = \"80\";\n2: const host: number = \"x\";\n\n(End of file - total 2 lines)\n</content>",
    );

    #[test]
    fn reads_edits_builds_and_goes_on_with_the_next_error() {
        let second = "src/a.ts(2,7): error TS2322: Type 'string' is not assignable to type 'number'.\n\nbuild exit code: 2\n";
        let edit = ("edit", "Edit applied successfully.");
        let (calls, text) =
            play(&[READ, edit, ("bash", second), edit, ("bash", "ok\n\nbuild exit code: 0\n")]);
        assert_eq!(calls.len(), 5);
        assert!(calls[1].contains("const port: number = 80;"), "{}", calls[1]);
        assert!(calls[3].contains("const host: string"), "{}", calls[3]);
        assert!(text.ends_with("The build passes now."), "{text}");
    }

    #[test]
    fn the_same_error_is_not_tried_twice() {
        let same = "src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\n\nbuild exit code: 2\n";
        let (calls, text) = play(&[READ, ("edit", "Edit applied successfully."), ("bash", same)]);
        assert_eq!(calls.len(), 3);
        assert!(text.contains("did not help"), "{text}");
    }

    #[test]
    fn a_change_that_was_not_built_is_not_said_to_have_failed() {
        let (_, error) = PROMPT.split_once("\n\n").expect("a command and an error");
        let (calls, text) = play_from(error, &[READ, ("edit", "Edit applied successfully.")]);
        assert_eq!(calls.len(), 2);
        assert!(text.contains("was not built") && !text.contains("did not help"), "{text}");
    }

    #[test]
    fn a_project_in_a_folder_is_built_there() {
        let prompt = "- Folder: web\n- Install: npm ci\n- Build: npm run build\n\n      1 | src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\n";
        let mut conversation = Conversation { prompt: prompt.to_owned(), ..Conversation::default() };
        let read = "<path>/r/web/src/a.ts</path>\n<type>file</type>\n<content>\n1: const a: number = \"1\";\n</content>";
        let answers = [
            "File not found: /r/src/a.ts",
            "/r/src/a.ts.txt\n/r/web/src/a.ts",
            read,
            "Edit applied successfully.",
        ];
        for answer in answers {
            let Step::Call { call, say } = next(&conversation, Mode::Ok) else {
                panic!("there is more to do")
            };
            conversation.turns.push(Turn { call, result: answer.to_owned(), say });
        }
        let Step::Call { call, .. } = next(&conversation, Mode::Ok) else { panic!("the build comes next") };
        assert!(call.text("command").starts_with("cd 'web' && npm run build;"), "{call:?}");
    }

    #[test]
    fn a_file_that_cannot_be_seen_is_not_edited() {
        let (calls, text) = play(&[("read", "File not found: /r/src/a.ts"), ("glob", "No files found")]);
        assert_eq!(calls.len(), 2);
        assert!(text.contains("does not exist"), "{text}");
    }
}
