//! One row of the tables: what is tried, what would be a success, and how it is known that it can succeed.

use deploymend::server::sandbox::Exec;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::MINUTE;

/// Printed by what succeeds.
pub const SESAME: &str = "open-sesame";

/// One attempt.
pub struct Attempt {
    pub area: &'static str,
    pub name: &'static str,
    /// For the shell, in the repository's folder.
    pub line: String,
    /// What it prints when it succeeds.
    pub success: String,
    pub control: Control,
    /// Time that the sandbox gives it.
    pub timeout: Duration,
    /// Silence that the sandbox bears.
    pub silence: Option<Duration>,
}

/// The same attempt where nothing stops it.
#[derive(Clone, Default)]
pub struct Control {
    /// Another line, where the same thing is written in another way outside.
    line: Option<String>,
    /// Nobody but root can do it even there.
    root: bool,
    /// What a machine must have for it to work.
    needs: Option<&'static str>,
    /// Why it is not made at all.
    never: Option<&'static str>,
    /// It is made inside, with something that is allowed.
    inside: Option<String>,
}

/// What came of a control.
pub enum Controlled {
    Worked,
    NotMade(String),
}

impl Attempt {
    /// One that prints [`SESAME`], with the same line outside as its control.
    pub fn new(area: &'static str, name: &'static str, line: impl Into<String>) -> Self {
        Self {
            area,
            name,
            line: line.into(),
            success: SESAME.to_owned(),
            control: Control::default(),
            timeout: MINUTE,
            silence: None,
        }
    }

    /// It succeeds when it prints this.
    pub fn printing(self, success: &str) -> Self {
        Self { success: success.to_owned(), ..self }
    }

    /// Outside, only root can do it.
    pub fn under_root(mut self) -> Self {
        self.control.root = true;
        self
    }

    /// Outside, it works where the machine has this.
    pub fn where_there_is(mut self, needs: &'static str) -> Self {
        self.control.needs = Some(needs);
        self
    }

    /// The control is another line.
    pub fn outside(mut self, line: impl Into<String>) -> Self {
        self.control.line = Some(line.into());
        self
    }

    /// The control is this line inside: the same with a target that is allowed.
    pub fn allowed(mut self, line: impl Into<String>) -> Self {
        self.control.inside = Some(line.into());
        self
    }

    /// There is no control, for this reason.
    pub fn without_control(mut self, reason: &'static str) -> Self {
        self.control.never = Some(reason);
        self
    }

    /// How the sandbox is asked to run it.
    pub fn exec(&self) -> Exec {
        Exec { silence: self.silence, ..Exec::shell(&self.line, self.timeout) }
    }

    /// The line to be run inside as a control.
    pub fn inside_control(&self) -> Option<&str> {
        self.control.inside.as_deref()
    }

    /// Makes the control in `folder`.
    pub fn control(&self, folder: &Path) -> Controlled {
        if let Some(reason) = self.control.never {
            return Controlled::NotMade(reason.to_owned());
        }
        if self.control.root && !rustix::process::geteuid().is_root() {
            return Controlled::NotMade("only root can do it".to_owned());
        }
        let said = shell(folder, self.control.line.as_ref().unwrap_or(&self.line));
        match (said.contains(&self.success), self.control.needs) {
            (true, _) => Controlled::Worked,
            (false, Some(needs)) => Controlled::NotMade(format!("this machine lacks {needs}")),
            (false, None) => panic!("{}: the control does not work outside: {said}", self.name),
        }
    }
}

/// Runs a line on the machine, and gives what it prints.
pub fn shell(folder: &Path, line: &str) -> String {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(folder).stdin(Stdio::null());
    let home = folder.join(".control-home");
    std::fs::create_dir_all(&home).unwrap();
    let output = command.env("HOME", home).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A system call by number, made by Perl, which every Debian has. `before` may set variables, which are strings or
/// numbers as the call wants them.
pub fn call(number: i64, before: &str, arguments: &str) -> String {
    let report = format!("print $r == -1 ? \"no: $!\" : \"{SESAME}\"");
    format!("perl -e '{before} $r = syscall({number}, {arguments}); {report}'")
}

/// One with arguments that make no sense: whether the kernel got as far as to look at them is what counts.
pub fn probe(number: i64, before: &str, arguments: &str) -> String {
    let report = format!("print $! == 1 || $! == 38 ? \"no: $!\" : \"{SESAME}\"");
    format!("perl -e '{before} $! = 0; syscall({number}, {arguments}); {report}'")
}
