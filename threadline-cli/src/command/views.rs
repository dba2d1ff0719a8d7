//! `cargo threadline views`

use sea_orm::DbErr;
use serde::Serialize;
use threadline::saved_view::{SavedView, saved_views};

use crate::{
    args::ViewsArgs,
    database::Database,
    error::Result,
    output::{self, Report},
    trail::second,
};

#[derive(Serialize)]
struct Views {
    entries: Vec<SavedView>,
}

/// Lists the views of an operator, by name.
///
/// # Errors
/// When the database fails.
pub(crate) fn run(args: &ViewsArgs) -> Result<Report> {
    let database = Database::open(&args.connection)?;
    let views = database.read(async |db| {
        let entries = saved_views(&args.actor).all(db).await?;
        Ok::<_, DbErr>(Views { entries })
    })?;
    Report::answer(args.output, &views, text)
}

fn text(views: &Views) -> String {
    if views.entries.is_empty() {
        return "no views\n".to_owned();
    }
    let rows = views.entries.iter().map(|view| {
        let filters = view.filter_texts().into_iter();
        let filters: Vec<_> = filters
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        [
            view.id.to_string(),
            view.name.clone(),
            filters.join(" "),
            second(view.saved_at),
        ]
    });
    output::table(["VIEW", "NAME", "FILTERS", "SAVED"], rows)
}
