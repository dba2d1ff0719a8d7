//! `cargo threadline evidence`

use threadline::{
    Page,
    evidence::{AuditEvidence, evidence},
};

use crate::{
    args::{EvidenceCommand, EvidenceShowArgs},
    database::Database,
    error::Result,
    output::{self, Report},
    trail::{go_on, second},
};

/// Runs one of the commands.
///
/// # Errors
/// When the database fails.
pub(crate) fn run(command: &EvidenceCommand) -> Result<Report> {
    let EvidenceCommand::Show(args) = command;
    show(args)
}

fn show(args: &EvidenceShowArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let mut query = evidence().page_size(args.limit.into());
    if let Some(subject) = &args.subject {
        query = query.subject(subject);
    }
    if let Some(reference) = &args.reference {
        query = query.reference(reference);
    }
    if let Some(token) = &args.after {
        query = query.after(token.clone());
    }
    let page = database.read(async |db| query.fetch(db).await)?;
    Report::answer(args.output, &page, text)
}

fn text(page: &Page<AuditEvidence>) -> String {
    if page.entries.is_empty() {
        return "no evidence\n".to_owned();
    }
    let rows = page.entries.iter().map(|record| {
        [
            second(record.recorded_at),
            record.verdict.as_str().to_owned(),
            record.subject.clone(),
            record.reference.clone(),
            record.recorded_by.clone(),
            record.provenance.as_str().to_owned(),
        ]
    });
    let text = output::table(
        [
            "RECORDED",
            "VERDICT",
            "SUBJECT",
            "REFERENCE",
            "BY",
            "PROVENANCE",
        ],
        rows,
    );
    match &page.next {
        Some(token) => format!("{text}more: {}\n", go_on(None, None, token)),
        None => text,
    }
}
