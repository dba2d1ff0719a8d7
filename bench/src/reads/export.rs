//! Everything, by the library's stream of pages.

use std::{fs, pin::pin, time::Instant};

use futures_util::TryStreamExt as _;
use sea_orm::DatabaseConnection;
use threadline::timeline;

use super::outcome::Outcome;
use crate::error::Result;

/// Reads up to so many changes, keeps none, and notes the most memory that took.
pub(super) async fn measure(changes: u64, most: u64, db: &DatabaseConnection) -> Result<Outcome> {
    forget_peak();
    let start = Instant::now();
    let mut stream = pin!(timeline().stream(db));
    let (mut rows, mut bytes) = (0, 0);
    while rows < most {
        let Some(change) = stream.try_next().await? else {
            break;
        };
        rows += 1;
        bytes += change.data_after.map_or(0, |image| image.as_str().len());
    }
    std::hint::black_box(bytes);
    let micros = start.elapsed().as_secs_f64() * 1e6;
    Ok(Outcome::once("export", changes, micros, rows).peak(peak()))
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
