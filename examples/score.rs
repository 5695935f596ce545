//! Scores the diagnosis on a folder of labelled logs: `cargo run --features ssr --example score -- FOLDER [--misses]`.
//!
//! Each case is a folder with `log.txt` and `label.json` (`error_type`, optional `also`, `root_line`,
//! `affected_files`).

fn main() -> anyhow::Result<()> {
    use deploymend::server::diagnosis::{Hints, analyze};
    use std::path::PathBuf;

    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next().map(PathBuf::from) else {
        anyhow::bail!("name a folder of labelled logs")
    };
    let misses = args.any(|arg| arg == "--misses");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("label.json").is_file())
        .collect();
    cases.sort();
    let (mut types, mut roots, mut found, mut labelled, mut named) = (0, 0, 0, 0, 0);
    let (mut sure, mut sure_right) = (0, 0);
    for case in &cases {
        let label: serde_json::Value = serde_json::from_slice(&std::fs::read(case.join("label.json"))?)?;
        let log = String::from_utf8_lossy(&std::fs::read(case.join("log.txt"))?).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        let diagnosis = analyze(&lines, &Hints::default());
        let finding = &diagnosis.finding;
        let strings = |key: &str| -> Vec<String> {
            label[key]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect()
        };
        let mut accepted = strings("also");
        accepted.extend(label["error_type"].as_str().map(str::to_owned));
        let type_ok = accepted.iter().any(|kind| kind == finding.error_type.as_str());
        let own = finding.line_number.map_or("", |number| lines[number - 1].trim());
        let root_ok = label["root_line"].as_str().is_some_and(|root| root.trim() == own);
        let files = strings("affected_files");
        let hits = finding.affected_files.iter().filter(|file| files.contains(file)).count();
        types += usize::from(type_ok);
        roots += usize::from(root_ok);
        found += hits;
        labelled += files.len();
        named += finding.affected_files.len();
        if finding.confidence >= 0.9 {
            sure += 1;
            sure_right += usize::from(type_ok);
        }
        if misses && !(type_ok && root_ok && hits == files.len()) {
            println!(
                "{} [{}]",
                case.file_name().unwrap_or_default().to_string_lossy(),
                diagnosis.id.unwrap_or("-")
            );
            if !type_ok {
                println!("   type  {} wanted {accepted:?}", finding.error_type.as_str());
            }
            if !root_ok {
                println!("   root  {own}\n   want  {}", label["root_line"].as_str().unwrap_or(""));
            }
            if hits < files.len() || finding.affected_files.len() > files.len() {
                println!("   files {:?}\n   want  {files:?}", finding.affected_files);
            }
        }
    }
    let share = |part: usize, of: usize| if of == 0 { 100.0 } else { 100.0 * part as f64 / of as f64 };
    println!("logs            {}", cases.len());
    println!("type            {:.1} %", share(types, cases.len()));
    println!("root line       {:.1} %", share(roots, cases.len()));
    println!("files recall    {:.1} %", share(found, labelled));
    println!("files precision {:.1} %", share(found, named));
    println!("type, confidence at least 0.9: {:.1} % of {sure}", share(sure_right, sure));
    Ok(())
}
