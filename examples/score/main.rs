//! Scores the diagnosis on folders of labelled logs: `make bench-diagnosis`.

mod cases;
mod score;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    for folder in std::env::args_os().skip(1) {
        let folder = Path::new(&folder);
        if !folder.is_dir() {
            println!("\n{}: not there, so it is left out", folder.display());
            continue;
        }
        let cases = cases::read(folder)?;
        score::Score::of(&cases).print(&format!("{}: {} logs", folder.display(), cases.len()));
    }
    Ok(())
}
