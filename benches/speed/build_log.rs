//! A build log as noisy builds make it: for benches.

/// So many lines of chatter, then an error and the wrapper's last words.
pub fn build_log(lines: usize) -> Vec<String> {
    let chatter = (0..lines).map(|number| {
        let part = number % 97;
        match number % 4 {
            0 => format!("[{number}] transformed src/modules/part-{part}/view-of-the-part-with-a-long-name.component.tsx in {part} ms"),
            1 => format!("npm warn deprecated left-pad@1.{part}.0: use String.prototype.padStart(), which every browser has had for years"),
            2 => format!("  dist/assets/index-{number:08x}.js                                             {part}.21 kB │ gzip: 3.{part} kB"),
            _ => format!("✓ test/features/part-{part}/part-{part}.test.ts ({part} tests) {part}ms, and none of them was slow or left out"),
        }
    });
    let error =
        "src/billing/totals.ts(14,9): error TS2322: Type 'string' is not assignable to type 'number'.";
    chatter.chain([error.to_owned(), "Error: Command \"npm run build\" exited with 2".to_owned()]).collect()
}
