//! An export in a scope.

use threadline::{
    Error, Timeline,
    export::{Export, ExportFormat, export},
    timeline,
};

use super::{file, ids};
use crate::scope::seed::{SECRET, seeded, seven};

#[tokio::test]
async fn an_export_in_a_scope_holds_what_the_timeline_in_it_shows_and_nothing_of_others() {
    let seed = seeded().await;
    let query = || timeline().in_scope(&seven());
    let page = query().fetch(&seed.test.db).await.unwrap();
    let shown: Vec<_> = page.entries.iter().map(|change| change.id).collect();
    let all = timeline().fetch(&seed.test.db).await.unwrap();
    assert!(shown.len() < all.entries.len());
    for format in ExportFormat::ALL {
        let (text, end) = file(query(), format, &seed.test.db).await;
        assert_eq!(ids(format, &text), shown);
        assert!(!text.contains(SECRET), "{text}");
        assert!(end.complete);
        // What belongs to a transaction with nothing foreign in it is there.
        assert!(text.contains("in order"), "{text}");
        let (text, _) = file(timeline(), format, &seed.test.db).await;
        assert!(text.contains(SECRET));
    }
}

#[tokio::test]
async fn filters_of_a_scope_never_become_a_timeline_without_it() {
    let seed = seeded().await;
    let query = timeline().in_scope(&seven());
    let mut exporter = export(query.clone())
        .limit(1)
        .begin(&seed.test.db)
        .await
        .unwrap();
    exporter.next_chunk().await.unwrap();
    let checkpoint = exporter.checkpoint().unwrap();
    let refused = Export::resume(checkpoint, &seed.test.db)
        .await
        .err()
        .unwrap();
    assert!(matches!(
        refused,
        Error::InvalidFilter {
            filter: "scope",
            ..
        }
    ));
    assert!(Timeline::try_from(query.filters()).is_err());
}
