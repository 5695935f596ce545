//! Which system calls the inside of a sandbox may make: turns the lists of [`denied`] into BPF programs for
//! bubblewrap's `--add-seccomp-fd`.
//!
//! The kernel asks every program about every call, and the strictest answer counts. Calls of another ABI (32 bit,
//! x32) end the process; calls newer than the table of names do not exist inside; the rest of what is not listed is
//! allowed, since nobody knows what a build may need.

mod denied;
#[cfg(test)]
mod machine;

use denied::{Answer, Rule};
use seccompiler::{BpfProgram, TargetArch, compile_from_json, sock_filter};
use serde_json::{Map, Value, json};
use std::{env::consts::ARCH, fs};

/// The last call in seccompiler's table of names. From 424 on, numbers are the same on all architectures.
const LAST_KNOWN: u32 = 462;
/// Set in the number of a call of the x32 ABI, which shares its architecture's name with x86-64.
const X32: u32 = 0x4000_0000;

const LOAD_NUMBER: u16 = 0x20;
const JUMP_IF_GREATER: u16 = 0x25;
const JUMP_IF_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const KILL_PROCESS: u32 = 0x8000_0000;
const ERRNO: u32 = 0x0005_0000;

/// The programs for this machine, or why it has none.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    programs: Vec<Vec<u8>>,
    problem: Option<String>,
}

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
enum FilterError {
    #[error("no system call filter is known for the architecture {0}")]
    Architecture(String),
    #[error("the kernel filters no system calls: it needs CONFIG_SECCOMP_FILTER")]
    Kernel,
    #[error("the system call filter cannot be compiled: {0}")]
    Compile(#[from] seccompiler::Error),
}

impl Filters {
    /// Compiles the programs for the machine that this runs on.
    pub(super) fn detect() -> Self {
        match for_this_machine() {
            Ok(programs) => Self { programs, problem: None },
            Err(error) => Self { programs: Vec::new(), problem: Some(error.to_string()) },
        }
    }

    /// No filter, as on a machine that has none.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { programs: Vec::new(), problem: Some(FilterError::Kernel.to_string()) }
    }

    /// What bubblewrap reads, one program each.
    pub(super) fn programs(&self) -> &[Vec<u8>] {
        &self.programs
    }

    /// Why there are none.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

fn for_this_machine() -> Result<Vec<Vec<u8>>, FilterError> {
    let architecture = TargetArch::try_from(ARCH).map_err(|_| FilterError::Architecture(ARCH.to_owned()))?;
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    if !["errno", "kill_process"].iter().all(|wanted| actions.split_whitespace().any(|name| name == *wanted))
    {
        return Err(FilterError::Kernel);
    }
    Ok(compile(architecture)?.iter().map(|program| bytes(program)).collect())
}

/// One program for each answer, and one for calls that the table does not know.
fn compile(architecture: TargetArch) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let filters: Map<String, Value> =
        Answer::ALL.into_iter().map(|answer| (format!("{answer:?}"), filter(answer, architecture))).collect();
    let mut compiled = compile_from_json(Value::Object(filters).to_string().as_bytes(), architecture)?;
    let mut programs = vec![unknown_calls(architecture)];
    programs.extend(Answer::ALL.into_iter().filter_map(|answer| compiled.remove(&format!("{answer:?}"))));
    Ok(programs)
}

/// In seccompiler's words.
fn filter(answer: Answer, architecture: TargetArch) -> Value {
    let rule = |Rule { call, when }: &Rule| {
        let conditions: Vec<_> = when.iter().map(denied::Condition::to_json).collect();
        // A rule without conditions must have no list of them.
        if conditions.is_empty() {
            json!({ "syscall": call })
        } else {
            json!({ "syscall": call, "args": conditions })
        }
    };
    let rules: Vec<_> = denied::rules(answer, architecture).iter().map(rule).collect();
    json!({ "mismatch_action": "allow", "match_action": { "errno": answer.errno() }, "filter": rules })
}

fn unknown_calls(architecture: TargetArch) -> BpfProgram {
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let mut program = vec![step(LOAD_NUMBER, 0, 0, 0)];
    if architecture == TargetArch::x86_64 {
        program.extend([step(JUMP_IF_NOT_LESS, 0, 1, X32), step(RETURN, 0, 0, KILL_PROCESS)]);
    }
    program.extend([
        step(JUMP_IF_GREATER, 0, 1, LAST_KNOWN),
        step(RETURN, 0, 0, ERRNO | Answer::Missing.errno()),
        step(RETURN, 0, 0, ALLOW),
    ]);
    program
}

/// As the kernel reads `struct sock_filter`.
fn bytes(program: &[sock_filter]) -> Vec<u8> {
    program
        .iter()
        .flat_map(|step| {
            let [code_0, code_1] = step.code.to_ne_bytes();
            let [k_0, k_1, k_2, k_3] = step.k.to_ne_bytes();
            [code_0, code_1, step.jt, step.jf, k_0, k_1, k_2, k_3]
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{machine::Call, *};

    const EPERM: u32 = ERRNO | 1;
    const ENOSYS: u32 = ERRNO | 38;
    const EAFNOSUPPORT: u32 = ERRNO | 97;
    const BOTH: [TargetArch; 2] = [TargetArch::x86_64, TargetArch::aarch64];

    /// What the kernel would do: of all answers, the one that goes first.
    fn answer(architecture: TargetArch, call: &Call) -> u32 {
        let programs = compile(architecture).unwrap();
        let answers: Vec<_> = programs.iter().map(|program| call.answer(program)).collect();
        // The action is a signed number in the upper half; data is in the lower.
        answers.into_iter().min_by_key(|answer| (answer & 0xffff_0000).cast_signed()).unwrap()
    }

    fn call(architecture: TargetArch, x86_64: u32, aarch64: u32, arguments: &[u64]) -> u32 {
        let number = if architecture == TargetArch::x86_64 { x86_64 } else { aarch64 };
        answer(architecture, &Call::new(architecture, number, arguments))
    }

    #[test]
    fn what_no_build_needs_is_denied_on_both_architectures() {
        for architecture in BOTH {
            for (name, x86_64, aarch64, expected) in [
                ("ptrace", 101, 117, EPERM),
                ("process_vm_readv", 310, 270, EPERM),
                ("mount", 165, 40, EPERM),
                ("move_mount", 429, 429, EPERM),
                ("setns", 308, 268, EPERM),
                ("keyctl", 250, 219, EPERM),
                ("bpf", 321, 280, EPERM),
                ("userfaultfd", 323, 282, EPERM),
                ("open_by_handle_at", 304, 265, EPERM),
                ("clone3", 435, 435, ENOSYS),
                ("io_uring_setup", 425, 425, ENOSYS),
                ("one that is newer than the table", 463, 463, ENOSYS),
                ("read", 0, 63, ALLOW),
                ("execve", 59, 221, ALLOW),
                ("mseal", 462, 462, ALLOW),
            ] {
                assert_eq!(call(architecture, x86_64, aarch64, &[]), expected, "{name} on {architecture:?}");
            }
        }
    }

    #[test]
    fn arguments_decide_where_a_call_has_two_uses() {
        const HIGH: u64 = 1 << 40;
        for architecture in BOTH {
            for (name, x86_64, aarch64, arguments, expected) in [
                ("a thread", 56, 220, [0x003d_0f00, 0], ALLOW),
                ("a user namespace", 56, 220, [0x1000_0011, 0], EPERM),
                ("one of several namespaces", 56, 220, [0x4002_0011, 0], EPERM),
                ("unshare of files", 272, 97, [0x400, 0], ALLOW),
                ("unshare of mounts", 272, 97, [0x2_0000, 0], EPERM),
                ("TIOCGWINSZ", 16, 29, [0, 0x5413], ALLOW),
                ("TIOCSTI", 16, 29, [0, 0x5412], EPERM),
                // The kernel looks at the lower half only.
                ("TIOCSTI with more above", 16, 29, [0, 0x5412 | HIGH], EPERM),
                ("TIOCLINUX", 16, 29, [0, 0x541c], EPERM),
                ("to ask for the personality", 135, 92, [0xffff_ffff, 0], ALLOW),
                ("READ_IMPLIES_EXEC", 135, 92, [0x40_0000, 0], EPERM),
                ("a limit on files", 160, 164, [7, 0], ALLOW),
                ("a limit on cores", 160, 164, [4, 0], ERRNO),
            ] {
                assert_eq!(
                    call(architecture, x86_64, aarch64, &arguments),
                    expected,
                    "{name} on {architecture:?}"
                );
            }
            for (family, protocol, expected) in [
                (1, 0, ALLOW),
                (2, 6, ALLOW),
                (10, 17, ALLOW),
                (16, 0, ALLOW),
                (16, 15, EAFNOSUPPORT),
                (17, 0, EAFNOSUPPORT),
                (38, 0, EAFNOSUPPORT),
                (40, 0, EAFNOSUPPORT),
            ] {
                let found = call(architecture, 41, 198, &[family, 1, protocol]);
                assert_eq!(found, expected, "socket family {family} on {architecture:?}");
            }
        }
    }

    #[test]
    fn calls_of_other_abis_end_the_process() {
        let x32 = Call::new(TargetArch::x86_64, X32 | 39, &[]);
        assert_eq!(answer(TargetArch::x86_64, &x32), KILL_PROCESS);
        for architecture in BOTH {
            let foreign = Call::foreign(20);
            assert_eq!(answer(architecture, &foreign), KILL_PROCESS, "{architecture:?}");
        }
    }

    #[test]
    fn this_machine_has_a_program_for_every_answer() {
        let filters = Filters::detect();
        assert_eq!((filters.problem(), filters.programs().len()), (None, Answer::ALL.len() + 1));
        assert!(filters.programs().iter().all(|program| !program.is_empty() && program.len() % 8 == 0));
    }
}
