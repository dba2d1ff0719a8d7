//! Everything as a file, by the library's writers.

use std::{
    fs,
    io::{self, Write},
    time::Instant,
};

use sea_orm::DatabaseConnection;
use threadline::{
    export::{ExportFormat, export},
    timeline,
};

use super::outcome::Outcome;
use crate::error::Result;

/// The names of the scenarios.
const FORMATS: [(ExportFormat, &str); 3] = [
    (ExportFormat::Csv, "export_csv"),
    (ExportFormat::Json, "export_json"),
    (ExportFormat::Ndjson, "export_ndjson"),
];

/// Writes up to so many changes to nowhere, in every format, and notes the most memory that took.
pub(super) async fn measure(
    changes: u64,
    most: u64,
    db: &DatabaseConnection,
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for (format, name) in FORMATS {
        forget_peak();
        let start = Instant::now();
        let prepared = export(timeline()).format(format).limit(most);
        let mut exporter = prepared.begin(db).await?;
        while let Some(chunk) = exporter.next_chunk().await? {
            // Nowhere can't be full.
            let _ = io::sink().write_all(&chunk);
        }
        let micros = start.elapsed().as_secs_f64() * 1e6;
        outcomes.push(Outcome::once(name, changes, micros, exporter.rows()).peak(peak()));
    }
    Ok(outcomes)
}

/// Lets the kernel measure the peak anew; elsewhere than on Linux nothing happens.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process had, in bytes.
fn peak() -> Option<u64> {
    peak_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_the_peak_in_kilobytes() {
        let status = "Name:\tbench\nVmPeak:\t  9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 5 kB\n";
        assert_eq!(peak_in(status), Some(2048 * 1024));
        assert_eq!(peak_in("Name:\tbench\n"), None);
    }
}
