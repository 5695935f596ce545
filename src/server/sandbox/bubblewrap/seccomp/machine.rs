//! Carries out a filter's program as the kernel does: the few instructions that seccompiler makes.

use seccompiler::{TargetArch, sock_filter};

/// A call as the kernel shows it to a filter: `struct seccomp_data`, in words.
pub(super) struct Call([u32; 16]);

const X86_64: u32 = 0xc000_003e;
const AARCH64: u32 = 0xc000_00b7;
const I386: u32 = 0x4000_0003;

impl Call {
    pub(super) fn new(architecture: TargetArch, number: u32, arguments: &[u64]) -> Self {
        let audit = if architecture == TargetArch::x86_64 { X86_64 } else { AARCH64 };
        let mut words = [0; 16];
        (words[0], words[1]) = (number, audit);
        for (at, argument) in arguments.iter().enumerate() {
            let low = u32::try_from(argument & 0xffff_ffff).unwrap_or_default();
            let high = u32::try_from(argument >> 32).unwrap_or_default();
            (words[4 + 2 * at], words[5 + 2 * at]) = (low, high);
        }
        Self(words)
    }

    /// One by a program for 32-bit x86.
    pub(super) fn foreign(number: u32) -> Self {
        let mut call = Self::new(TargetArch::x86_64, number, &[]);
        call.0[1] = I386;
        call
    }

    /// What the program returns.
    pub(super) fn answer(&self, program: &[sock_filter]) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let jump = |yes: bool| usize::from(if yes { jt } else { jf });
            at += 1;
            match code {
                0x20 => accumulator = self.0[k as usize / 4],
                0x54 => accumulator &= k,
                0x05 => at += k as usize,
                0x15 => at += jump(accumulator == k),
                0x25 => at += jump(accumulator > k),
                0x35 => at += jump(accumulator >= k),
                0x06 => return k,
                code => panic!("an instruction that is not carried out here: {code:#x}"),
            }
        }
    }
}
