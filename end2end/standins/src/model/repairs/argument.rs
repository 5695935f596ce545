//! "Argument of type 'A' is not assignable to parameter of type 'B'": converts the argument.

use super::not_assignable::change;
use super::value::{Form, Value};
use super::{Repair, place};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::expression;

/// The change for this error, which points at the argument itself.
pub fn repair(problem: &Problem, from: &str, to: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let range = expression(&file.text, at);
    let value = Value { text: range.clone(), range, form: Form::Plain, annotation: None };
    change(file, &value, from, to, evidence)
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn the_argument_is_converted() {
        for (column, message, before, after) in [
            (
                8,
                "Argument of type 'string' is not assignable to parameter of type 'number'.",
                "format(input.value, 2);\n",
                "format(Number(input.value), 2);\n",
            ),
            (
                11,
                "Argument of type 'number' is not assignable to parameter of type 'string'.",
                "log(\"a\" , count + 1);\n",
                "log(\"a\" , String(count + 1));\n",
            ),
            (
                6,
                "Argument of type 'string | undefined' is not assignable to parameter of type 'string'.",
                "load(process.env.URL)\n",
                "load(process.env.URL ?? \"\")\n",
            ),
        ] {
            let log = format!("src/a.ts(1,{column}): error TS2345: {message}");
            assert_eq!(mend(&log, &[("src/a.ts", before)]), after);
        }
    }
}
