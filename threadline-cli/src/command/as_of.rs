//! `cargo threadline as-of`

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::{Image, Snapshot, codegen::TableName};

use crate::{
    args::AsOfArgs,
    database::Database,
    error::{Error, Result},
    output::{Report, visible},
    trail::{find_record, image, instant, known},
};

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten, serialize_with = "threadline::json::table")]
    table: &'a TableName,
    at: DateTime<Utc>,
    snapshot: &'a Snapshot<Image>,
}

/// Shows what the record looked like.
///
/// # Errors
/// When the record can't be looked for, or the database fails.
pub(crate) fn run(args: &AsOfArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let (table, key) = (&args.record.table, &args.record.key);
    let snapshot = database.read(async |db| {
        let record = find_record(table, key, db).await?;
        let snapshot = record.fetch_image(args.at, db).await;
        snapshot.map_err(|err| known(table, key, err))
    })?;
    let subject = visible(&format!("{table} {key}"));
    let text = text(&subject, args.at, &snapshot).map_err(Error::Json)?;
    let answer = Answer {
        table,
        at: args.at,
        snapshot: &snapshot,
    };
    Ok(Report {
        found: !matches!(snapshot, Snapshot::Present(_)),
        ..Report::answer(args.output, &answer, |_| text)?
    })
}

fn text(
    subject: &str,
    at: DateTime<Utc>,
    snapshot: &Snapshot<Image>,
) -> serde_json::Result<String> {
    let at = instant(at);
    Ok(match snapshot {
        Snapshot::Present(row) => format!(
            "{subject} at {at}, as transaction {} left it:\n{}",
            row.audit_transaction_id,
            image(row)?
        ),
        Snapshot::Deleted { at: since, last } => format!(
            "{subject} was not there at {at}: it was deleted at {}; before that it was:\n{}",
            instant(*since),
            image(last)?
        ),
        Snapshot::BeforeHorizon => format!(
            "nothing is known of {subject} at {at}: it is before the audit horizon, so the record may \
             have been there or not\n"
        ),
    })
}
