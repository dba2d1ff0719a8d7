//! The only place that prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is its job"
)]

use std::error::Error;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// A measured scenario, as a line of the table and as an object of the JSON.
pub(crate) trait Scenario: Serialize {
    /// The heads of the columns; the first is text, the others are figures.
    const COLUMNS: &'static [&'static str];

    /// The line.
    fn cells(&self) -> Vec<String>;
}

#[derive(Serialize)]
struct Document<'a, S> {
    scenarios: &'a [S],
}

/// Says what is going on.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

/// Prints the scenarios: as JSON, or as a table.
pub(crate) fn scenarios<S: Scenario>(
    scenarios: &[S],
    as_json: bool,
) -> Result<(), serde_json::Error> {
    let text = if as_json {
        json(scenarios)?
    } else {
        table(scenarios)
    };
    println!("{text}");
    Ok(())
}

/// Prints an error and its causes, a line each.
pub(crate) fn failure(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut above = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !above.ends_with(text.trim_end()) {
            eprintln!("  caused by: {text}");
        }
        above = text;
        cause = error.source();
    }
}

fn json<S: Scenario>(scenarios: &[S]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Document { scenarios })
}

fn table<S: Scenario>(scenarios: &[S]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_header(S::COLUMNS)
        .add_rows(scenarios.iter().map(Scenario::cells));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// A figure with as many places as it deserves.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        middle if middle < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A figure that may be unknown.
pub(crate) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Insert {
        name: &'static str,
        ratio: f64,
    }

    impl Scenario for Insert {
        const COLUMNS: &'static [&'static str] = &["scenario", "ratio"];

        fn cells(&self) -> Vec<String> {
            vec![self.name.to_owned(), figure(self.ratio)]
        }
    }

    const INSERT: Insert = Insert {
        name: "insert",
        ratio: 1.314,
    };

    #[test]
    fn the_json_is_an_object_with_a_list_of_scenarios() {
        let value: serde_json::Value = serde_json::from_str(&json(&[INSERT]).unwrap()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"scenarios": [{"name": "insert", "ratio": 1.314}]})
        );
    }

    #[test]
    fn the_table_has_a_line_for_each_scenario() {
        let table = table(&[INSERT]);
        assert_eq!(
            table.lines().collect::<Vec<_>>(),
            [
                "| scenario | ratio |",
                "|----------|-------|",
                "| insert   |  1.31 |"
            ]
        );
    }

    #[test]
    fn figures_have_three_digits_at_least() {
        let texts = [0.456, 1.0, 23.45, 678.9, 12345.6].map(figure);
        assert_eq!(texts, ["0.46", "1.00", "23.4", "679", "12346"]);
        assert_eq!(maybe(None), "–");
    }
}
